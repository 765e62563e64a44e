/** What is asked of sessions by one word: interrupt, stop, kill, resume, archive, unarchive, terminate. */
import { Clock, Effect, Option, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import { limits } from "../../domain/limits.ts"
import type { SessionView } from "../../domain/view.ts"
import { type AskError, asCli, type Daemon } from "../daemon.ts"
import { parseVariables } from "../environment.ts"
import { ExitWith, exitCodeOf, sentenceOf, TimedOut, UsageFailure } from "../failures.ts"
import { durationFlag, durationMs, orUsage, repeated, sessions } from "../flags.ts"
import { absolutePath } from "../here.ts"
import { resolve } from "../resolve.ts"
import { print, printJson, say } from "../stdio.ts"
import { oneLine } from "../text/sanitise.ts"
import { sentence } from "../text/session-line.ts"
import { awaitMet } from "../waiting.ts"
import { withDaemon } from "../with-daemon.ts"

interface Verb {
  readonly name: string
  readonly description: string
  /** What `--wait` waits for; null when there is nothing to wait for. */
  readonly until: string | null
  readonly waits: boolean
  /** Whether the log keeps a reason for it. */
  readonly reasoned?: boolean
  /** Whether the session may go on elsewhere with it. */
  readonly moves?: boolean
  /** What it changes is seen a moment after the answer: this gives the view from then. */
  readonly after?: (daemon: Daemon, id: SessionView["id"]) => ReturnType<typeof continued>
  readonly send: (daemon: Daemon, id: SessionView["id"], reason: string | undefined) => Effect.Effect<SessionView, AskError>
}

const headers = asCli
const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

const verbs: ReadonlyArray<Verb> = [
  {
    name: "interrupt",
    description: "Press the agent's interrupt key",
    until: null,
    waits: false,
    send: ({ client }, id) => client.sessions.interrupt({ params: { id }, headers, payload: {} })
  },
  {
    name: "stop",
    reasoned: true,
    description: "End the agent politely, then firmly; it stays ended",
    until: "ended",
    waits: true,
    send: ({ client }, id, reason) => client.sessions.stop({ params: { id }, headers, payload: because(reason) })
  },
  {
    name: "kill",
    reasoned: true,
    description: "End the agent and everything it started, at once",
    until: "ended",
    waits: true,
    send: ({ client }, id, reason) => client.sessions.kill({ params: { id }, headers, payload: because(reason) })
  },
  {
    name: "continue",
    description: "Let a stopped agent go on (SIGCONT)",
    until: null,
    waits: false,
    after: (daemon, id) => continued(daemon, id),
    send: ({ client }, id) => client.sessions.continue({ params: { id }, headers, payload: {} })
  },
  {
    name: "resume",
    description: "Launch an ended session again",
    until: "ready",
    waits: false,
    moves: true,
    send: ({ client }, id) => client.sessions.resume({ params: { id }, headers, payload: {} })
  },
  {
    name: "archive",
    description: "End a session if need be, and put it aside",
    until: "ended",
    waits: false,
    send: ({ client }, id) => client.sessions.archive({ params: { id }, headers, payload: {} })
  },
  {
    name: "unarchive",
    description: "Bring an archived session back into the list",
    until: null,
    waits: false,
    send: ({ client }, id) => client.sessions.unarchive({ params: { id }, headers, payload: {} })
  },
  {
    name: "terminate",
    reasoned: true,
    description: "End a session for good",
    until: "terminated",
    waits: false,
    send: ({ client }, id, reason) => client.sessions.terminate({ params: { id }, headers, payload: because(reason) })
  }
]

/** Once it is seen running; one that is still stopped after a while, or again, is shown so. */
const continued = (daemon: Daemon, id: SessionView["id"]) =>
  Effect.repeat(daemon.ask(daemon.client.sessions.get({ params: { id }, headers: {} })), {
    until: ({ suspended }) => suspended === null,
    schedule: Schedule.max([Schedule.spaced(limits.continuedLookMs), Schedule.recurs(limits.continuedMs / limits.continuedLookMs)])
  }).pipe(Effect.andThen(daemon.ask(daemon.client.sessions.get({ params: { id }, headers: {} }))))

const unrecorded = (id: string) =>
  `${id}: the agent was ended by its holder; the log cannot record it now, so the state of the session stays as it was`

/** A daemon whose log takes nothing answers once nothing of the agent is left: there is no fact to wait for. */
export const isUnrecorded = ({ phase, process, state, stop }: SessionView) =>
  state === "streaming" && phase !== "reaping" && process === null && stop !== null

/** A project or a program that is somewhere else now. */
const moveFlags = {
  cwd: Flag.String("cwd").pipe(
    Flag.withAlias("C"),
    Flag.withMetavar("<dir>"),
    Flag.withDescription("Go on in this directory"),
    Flag.optional
  ),
  env: repeated(
    Flag.String("env").pipe(
      Flag.withAlias("e"),
      Flag.withMetavar("<name[=value]>"),
      Flag.withDescription("A variable from now on; without a value, the one from here (repeat for several)")
    )
  ),
  command: repeated(
    Flag.String("command").pipe(Flag.withMetavar("<word>"), Flag.withDescription("Go on with this program (repeat for each of its words)"))
  )
}

type Moves = Command.Command.Config.Infer<typeof moveFlags>

/** What the daemon is asked to change before the launch. The PATH of this shell counts where the program is not on the session's any more. */
const changesOf = Effect.fnUntraced(function* ({ command, cwd, env }: Moves) {
  const variables = yield* orUsage(parseVariables(env, process.env))
  const [program, ...words] = command
  const path = process.env.PATH
  return {
    ...(Option.isSome(cwd) ? { cwd: yield* absolutePath(cwd.value, "--cwd") } : {}),
    ...(env.length === 0 ? {} : { env: variables }),
    ...(program === undefined ? {} : { command: [program, ...words] as const }),
    ...(path === undefined ? {} : { pathIfMissing: path })
  }
})

const commandOf = (verb: Verb) =>
  verb.moves === true
    ? Command.make(verb.name, { ...flagsOf(verb), ...moveFlags }, (flags) =>
        Effect.flatMap(changesOf(flags), (changes) => perform(verb, flags, changes))
      ).pipe(Command.withDescription(verb.description))
    : Command.make(verb.name, flagsOf(verb), (flags) => perform(verb, flags, null)).pipe(Command.withDescription(verb.description))

const flagsOf = ({ until, waits }: Verb) => ({
  sessions,
  reason: Flag.String("reason").pipe(Flag.withDescription("Why, for those who read the log"), Flag.optional),
  wait: Flag.Boolean("wait").pipe(
    Flag.withDescription(until === null ? "Has no effect here" : `Wait until it is ${until}${waits ? " (the default)" : ""}`),
    Flag.withDefault(waits)
  ),
  timeout: durationFlag("timeout", "How long to wait at most").pipe(Flag.withDefault("60s"))
})

type Flags = Command.Command.Config.Infer<ReturnType<typeof flagsOf>>
type Changes = Effect.Success<ReturnType<typeof changesOf>>

const perform = ({ after, name, reasoned = false, send, until }: Verb, flags: Flags, changes: Changes | null) =>
  withDaemon((daemon, setting) =>
    Effect.gen(function* () {
      if (!reasoned && Option.isSome(flags.reason)) return yield* new UsageFailure({ message: `${name} takes no --reason` })
      if (until === null && flags.wait) return yield* new UsageFailure({ message: `${name} has nothing to wait for` })
      const timeoutMs = yield* durationMs("timeout", flags.timeout)
      const done = Effect.fnUntraced(function* (given: string) {
        const found = yield* resolve(daemon, given)
        // The resume of any other session is refused for its state.
        if (changes !== null && found.state === "ended")
          yield* daemon.ask(daemon.client.sessions.patch({ params: { id: found.id }, headers: asCli, payload: changes }))
        const asked = yield* daemon.ask(send(daemon, found.id, Option.getOrUndefined(flags.reason)))
        if (after !== undefined) return yield* after(daemon, found.id)
        if (!flags.wait || until === null) return asked
        if (isUnrecorded(asked)) return yield* Effect.as(say(unrecorded(found.id)), asked)
        const answer = yield* awaitMet(daemon, found.id, until, timeoutMs).pipe(
          // The daemon answered once nothing of the agent was left; no fact will say so.
          Effect.catchTag("Problem", (problem) =>
            problem.code === "quarantined"
              ? Effect.as(say(unrecorded(found.id)), { satisfied: true, session: asked })
              : Effect.fail(problem)
          )
        )
        if (answer.satisfied) return answer.session
        return yield* new TimedOut({
          message: `not ${until} after ${flags.timeout}: ${sentence(answer.session, yield* Clock.currentTimeMillis)}`
        })
      })
      // Each is asked, whatever became of the others; the first failure decides the exit code.
      const outcomes = yield* Effect.forEach(flags.sessions, (given) => Effect.result(done(given)), { concurrency: 16 })
      const now = yield* Clock.currentTimeMillis
      const views = outcomes.flatMap((outcome) => (outcome._tag === "Success" ? [outcome.success] : []))
      const failures = outcomes.flatMap((outcome) => (outcome._tag === "Failure" ? [outcome.failure] : []))
      if (setting.json) yield* printJson(views.length === 1 && flags.sessions.length === 1 ? views[0] : views)
      else yield* print(...views.map((view) => sentence(view, now)))
      const [first, ...others] = failures
      if (first === undefined) return
      if (others.length === 0) return yield* Effect.fail(first)
      yield* say(...failures.flatMap(sentenceOf).map((line) => `reprise: ${oneLine(line)}`))
      return yield* new ExitWith({ code: exitCodeOf(first) })
    })
  )

export const lifecycle = verbs.map(commandOf)
