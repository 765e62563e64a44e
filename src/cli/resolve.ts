/** Which session a person means: its id, the beginning of its id if no other begins so, or its name. Never a guess. */
import { Effect } from "effect"
import type { SessionView } from "../domain/view.ts"
import type { Problem } from "../http/problems.ts"
import type { Daemon } from "./daemon.ts"
import { AmbiguousSession, NoSuchSession } from "./failures.ts"

/** A whole id goes to the daemon as it is; anything else, and a session whose facts cannot be read, is looked up in the list. */
export const resolve = Effect.fnUntraced(function* (daemon: Daemon, given: string) {
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

/** Those that `given` may mean. A live session's name wins over the same name of one that is over; a name wins over a beginning. */
export const matching = (sessions: ReadonlyArray<SessionView>, given: string): ReadonlyArray<SessionView> => {
  const named = sessions.filter(({ name }) => name === given)
  const present = named.filter(({ phase, state }) => state !== "terminated" && phase !== "archived")
  if (named.length > 0) return present.length > 0 ? present : named
  return sessions.filter(({ id }) => id.startsWith(given) || id.startsWith(`s-${given}`))
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
