/** Which session a person means: its id, the beginning of its id if no other begins so, or its name. Never a guess. */
import { Effect } from "effect"
import { limits } from "../domain/limits.ts"
import type { SessionView } from "../domain/view.ts"
import type { Problem } from "../http/problems.ts"
import type { Daemon } from "./daemon.ts"
import { AmbiguousSession, NoSuchSession, UsageFailure } from "./failures.ts"
import { isOver } from "./over.ts"

/** A whole id goes to the daemon as it is; anything else, and a session whose facts cannot be read, is looked up in the list. */
export const resolve = Effect.fnUntraced(function* (daemon: Daemon, given: string) {
  if (given === "") return yield* new UsageFailure({ message: "session: it is empty; give an id, the beginning of an id, or a name" })
  if (isId(given)) {
    const found = yield* daemon.ask(daemon.client.sessions.get({ params: { id: given }, headers: {} })).pipe(
      Effect.catchTag("Problem", (problem): Effect.Effect<null, NoSuchSession | Problem> => {
        if (problem.status === 404) return Effect.fail(new NoSuchSession({ given }))
        return problem.code === "quarantined" ? Effect.succeed(null) : Effect.fail(problem)
      })
    )
    if (found !== null) return found
  }
  const candidates = matching(yield* allSessions(daemon, {}), given)
  const [only, ...others] = candidates
  if (only === undefined) return yield* new NoSuchSession({ given })
  if (others.length > 0) return yield* new AmbiguousSession({ given, candidates: candidates.map(({ id }) => id) })
  return only
})

/**
 * Those that `given` may mean. A name wins over a beginning; among several, a session whose agent lives wins over one that has ended, and
 * that over one that is archived or terminated.
 */
export const matching = (sessions: ReadonlyArray<SessionView>, given: string): ReadonlyArray<SessionView> => {
  const named = sessions.filter(({ name }) => name === given)
  const meant = named.length > 0 ? named : sessions.filter(({ id }) => isBeginning(given, id))
  const best = Math.min(...meant.map(rankOf))
  return meant.filter((session) => rankOf(session) === best)
}

/** With or without `s-`, with which every id begins. */
const isBeginning = (given: string, id: string) => {
  const rest = given.startsWith("s-") ? given.slice(2) : given
  return rest.length >= limits.beginningOfIdChars && id.startsWith(`s-${rest}`)
}

const rankOf = (session: SessionView): number => {
  if (session.state === "terminated" || session.phase === "archived") return 2
  return isOver(session) ? 1 : 0
}

/** Every page of the list. */
export const allSessions = Effect.fnUntraced(function* (
  daemon: Daemon,
  query: { readonly state?: ReadonlyArray<string>; readonly label?: ReadonlyArray<string> }
) {
  const sessions: Array<SessionView> = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const answer = yield* daemon.ask(
      daemon.client.sessions.list({ query: { ...query, limit: pageRows, ...(cursor === undefined ? {} : { cursor }) } })
    )
    sessions.push(...answer.data)
    if (answer.nextCursor === null || !answer.hasMore) break
    cursor = String(answer.nextCursor)
  }
  return sessions
})

const pageRows = 500
/** Beyond any number of sessions that a daemon takes. */
const mostPages = 1_000

export const isId = (text: string): text is SessionView["id"] => /^s-[0-9a-hjkmnp-tv-z]{12}$/.test(text)
