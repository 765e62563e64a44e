/** `reprise run`: a new session, in this terminal or detached; starts the daemon first if it is asked to. */
import { randomUUID } from "node:crypto"
import { createInterface } from "node:readline"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { providers } from "../../domain/providers/index.ts"
import { CreateRequest } from "../../domain/spec.ts"
import type { SessionView } from "../../domain/view.ts"
import { checked } from "../checked.ts"
import { asCli, connect, type Daemon } from "../daemon.ts"
import { credentialsKeptBack, environmentFor, parseVariables } from "../environment.ts"
import { NoDaemon, UsageFailure } from "../failures.ts"
import { orUsage, repeated } from "../flags.ts"
import { absolutePath } from "../here.ts"
import { mayAttach } from "../inside-session.ts"
import { leaveRunning } from "../leave-running.ts"
import { isOver, leaveWith } from "../over.ts"
import { parsePairs } from "../pairs.ts"
import { setting } from "../root.ts"
import { startDaemon } from "../start-daemon.ts"
import { say } from "../stdio.ts"
import type { AttachOptions } from "../terminal/attach.ts"
import { detachKeys, detachKeysFlag, requireTerminal } from "../terminal/before-attach.ts"
import { remains } from "../terminal/remains.ts"

/** What `run` takes; the words behind the first plain one are its command. */
export const runFlags = {
  command: Argument.String("command").pipe(
    Argument.withDescription(
      "The command and its arguments, or an agent by its name (claude, codex, pi, gemini, opencode) and its arguments"
    ),
    Argument.variadic()
  ),
  name: Flag.String("name").pipe(Flag.withAlias("n"), Flag.withDescription("A name to call it by"), Flag.optional),
  label: repeated(
    Flag.String("label").pipe(Flag.withAlias("l"), Flag.withMetavar("<key=value>"), Flag.withDescription("A label (repeat for several)"))
  ),
  cwd: Flag.String("cwd").pipe(
    Flag.withAlias("C"),
    Flag.withMetavar("<dir>"),
    Flag.withDescription("Where it runs (else here)"),
    Flag.optional
  ),
  env: repeated(
    Flag.String("env").pipe(
      Flag.withAlias("e"),
      Flag.withMetavar("<name[=value]>"),
      Flag.withDescription("A variable for it; without a value, the one from here (repeat for several)")
    )
  ),
  keepalive: Flag.Literals("keepalive", ["never", "on-crash", "on_crash", "always"]).pipe(
    Flag.withDescription("When to launch it again by itself"),
    Flag.optional
  ),
  provider: Flag.String("provider").pipe(
    Flag.withDescription("What kind of agent it is (see: reprise providers); the command is then its arguments"),
    Flag.optional
  ),
  conversation: Flag.String("conversation").pipe(
    Flag.withDescription("A conversation of the agent's to go on with, by its own id"),
    Flag.optional
  ),
  prompt: Flag.String("prompt").pipe(Flag.withDescription("Its first prompt"), Flag.optional),
  trust: Flag.Boolean("trust").pipe(
    Flag.withDescription("Say yes when it asks whether the folder can be trusted"),
    Flag.withDefault(false)
  ),
  detach: Flag.Boolean("detach").pipe(
    Flag.withAlias("d"),
    Flag.withDescription("Print its id, and leave it alone"),
    Flag.withDefault(false)
  ),
  detachKeys: detachKeysFlag,
  reconnect: Flag.Boolean("reconnect").pipe(
    Flag.withDescription("Try again for a minute when the daemon goes away (the default)"),
    Flag.withDefault(true)
  ),
  start: Flag.Boolean("start").pipe(Flag.withDescription("Start a daemon if none runs, without asking"), Flag.withDefault(false))
}

export const run = Command.make("run", runFlags, (given) =>
  Effect.gen(function* () {
    const chosen = yield* setting
    // Whatever can be wrong here is said before anything is started.
    const request = yield* requestOf(given)
    const keys = yield* detachKeys(Option.getOrUndefined(given.detachKeys))
    if (!given.detach) yield* requireTerminal
    const daemon = yield* reach(chosen.home, given.start)
    const session = yield* daemon.ask(
      daemon.client.sessions.create({ headers: { ...asCli, "idempotency-key": randomUUID() }, payload: request })
    )
    yield* sayKeptBack(request)
    if (given.detach) return yield* leaveRunning(daemon, session, chosen.json)
    yield* mayAttach(session.id, keys.keysText)
    yield* follow(daemon, session.id, { ...keys, mode: "control", reconnect: given.reconnect })
  }).pipe(Effect.scoped)
).pipe(
  Command.withDescription("Start a session and attach to it (Ctrl-\\ d leaves it running)"),
  Command.withExamples([
    {
      command: "reprise run claude",
      description: "An agent that is known: its prompts are followed, and a resume goes on with its conversation"
    },
    { command: "reprise run bash", description: "A shell that outlives this terminal" },
    {
      command: "reprise run -d --name tests --keepalive on-crash npm run watch",
      description: "In the background, launched again when it crashes"
    }
  ])
)

/** It may end before a client is attached, or between a look at it and the attach: its output is shown all the same. */
const follow = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"], options: Omit<AttachOptions, "hasJobControl">) {
  const look = daemon.ask(daemon.client.sessions.get({ params: { id }, headers: {} }))
  const { attached } = yield* Effect.promise(() => import("../terminal/attached.ts"))
  const before = yield* look
  const over = isOver(before)
    ? before
    : yield* attached(daemon, before, options).pipe(
        Effect.as(undefined),
        Effect.catchTag("Problem", (problem) => Effect.filterOrFail(look, isOver, () => problem))
      )
  if (over === undefined) return
  yield* remains(daemon, over)
  yield* leaveWith(over)
})

type Given = Command.Command.Config.Infer<typeof runFlags>

const requestOf = Effect.fnUntraced(function* (given: Given) {
  const { provider, words } = meant(Option.getOrUndefined(given.provider), given.command)
  if (provider === "command" && words.length === 0)
    return yield* new UsageFailure({ message: "what should run? for example: reprise run bash" })
  const labels = yield* orUsage(parsePairs("--label", given.label))
  const added = yield* orUsage(parseVariables(given.env, process.env))
  const mode = Option.getOrUndefined(given.keepalive)
  const { columns, isTTY, rows } = process.stdout
  const body = {
    provider,
    ...(provider === "command" ? { command: words } : { args: words }),
    cwd: yield* absolutePath(Option.getOrUndefined(given.cwd), "--cwd"),
    env: environmentFor(process.env, added),
    ...(Option.isSome(given.name) ? { name: given.name.value } : {}),
    labels,
    ...(Option.isSome(given.conversation) ? { conversation: given.conversation.value } : {}),
    ...(Option.isSome(given.prompt) ? { prompt: given.prompt.value } : {}),
    ...(isTTY && columns > 0 && rows > 0 ? { size: { cols: columns, rows } } : {}),
    ...(given.trust ? { trustFolder: true } : {}),
    ...(mode === undefined ? {} : { keepalive: { mode: mode === "on-crash" ? "on_crash" : mode } })
  }
  return yield* checked("run", CreateRequest, body)
})

/** An agent that asks for a login although its key is in the shell: the key is not passed by itself. */
const sayKeptBack = ({ env = {}, provider }: CreateRequest) => {
  const names = credentialsKeptBack(provider ?? "command", process.env, env)
  const flags = names.map((name) => `-e ${name}`).join(" ")
  return names.length === 0
    ? Effect.void
    : say(`${names.join(", ")} is set here and not passed to the agent; to pass it: reprise run ${flags} …`)
}

/** An agent is known by its name and by that of its program; `--provider command` takes either for any other program. */
const meant = (provider: string | undefined, words: ReadonlyArray<string>) => {
  const [first, ...rest] = words
  if (provider !== undefined) return { provider, words }
  const agent = [...providers.values()].find(({ command, id }) => command !== null && (first === id || first === command[0]))
  if (agent === undefined) return { provider: "command", words }
  return { provider: agent.id, words: rest[0] === "--" ? rest.slice(1) : rest }
}

/** The home's daemon, or a new one if the person wants it. A daemon that does not answer is not replaced: its lock names its pid. */
const reach = (home: string, start: boolean) =>
  Effect.gen(function* () {
    const daemon = yield* connect(home)
    if (daemon.remark !== null) yield* say(`reprise: ${daemon.remark}`)
    yield* daemon.ask(daemon.client.service.healthz({}))
    return daemon
  }).pipe(
    Effect.catchTag("NoDaemon", (none) =>
      Effect.gen(function* () {
        if (none.holder !== undefined) return yield* none
        const wanted =
          start || (process.stdin.isTTY && process.stderr.isTTY && (yield* agreed(`No daemon runs for ${home}. Start one? [Y/n] `)))
        if (!wanted) return yield* new NoDaemon({ home: none.home, reason: `${none.reason}; run --start starts one` })
        const daemon: Daemon = yield* startDaemon(home)
        yield* say(`started a daemon (pid ${daemon.file.pid}, log in ${home}/daemon.log)`)
        return daemon
      })
    )
  )

const agreed = (question: string): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const asking = createInterface({ input: process.stdin, output: process.stderr })
    let answered = false
    asking.question(question, (answer) => {
      answered = true
      asking.close()
      resume(Effect.succeed(/^(y|yes|)$/i.test(answer.trim())))
    })
    // Ctrl-C and Ctrl-D close it without an answer.
    asking.on("close", () => {
      if (!answered) resume(Effect.succeed(false))
    })
    return Effect.sync(() => asking.close())
  })
