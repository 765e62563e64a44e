/** Every way a command can fail, with the exit code that scripts rely on; nothing else decides an exit code. */
import { Schema } from "effect"
import type { Problem } from "../http/problems.ts"

export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  noDaemon: 5,
  /** What was sent may or may not have arrived, or its time was up before it could. */
  uncertain: 6,
  /** As timeout(1) has it. */
  timedOut: 124
} as const

/** The command line says something that cannot be meant. */
export class UsageFailure extends Schema.TaggedError<UsageFailure>()("UsageFailure", { message: Schema.String }) {}

/** No daemon answers at this home. `holder`: the process that holds the log's lock all the same, and `socket` where it does not answer. */
export class NoDaemon extends Schema.TaggedError<NoDaemon>()("NoDaemon", {
  home: Schema.String,
  reason: Schema.String,
  holder: Schema.optionalKey(Schema.Int),
  socket: Schema.optionalKey(Schema.String),
  /** A signal has stopped the holder. */
  isStopped: Schema.optionalKey(Schema.Boolean),
  /** A daemon took the connection, and closed it without an answer or within one. */
  isClosed: Schema.optionalKey(Schema.Boolean)
}) {
  override get message() {
    const { holder, home, isClosed, isStopped, reason, socket } = this
    if (isClosed) return `the daemon of ${home} closed the connection before its answer was whole (${reason}); see: reprise doctor`
    if (holder === undefined) return `no daemon answers for ${home} (${reason}); start one with: reprise serve`
    if (isStopped) return `the daemon of ${home} (pid ${holder}) is stopped (${reason}); ${adviceForStopped(holder)}`
    const silence = socket === undefined ? "" : `, and nothing answers at ${socket}`
    return `the daemon of ${home} runs (pid ${holder}) and cannot be reached: ${reason}${silence}; where it is not just starting, end it with: kill ${holder}`
  }
}

/** SIGTERM would wait until a stopped process is continued. */
export const adviceForStopped = (pid: number) =>
  `let it run on with: kill -CONT ${pid}, or end it with: kill -KILL ${pid}; its agents live on`

/** No session has this id, this beginning of an id, or this name. */
export class NoSuchSession extends Schema.TaggedError<NoSuchSession>()("NoSuchSession", { given: Schema.String }) {
  override get message() {
    return `no session is called ${JSON.stringify(this.given)}; see: reprise ls --all`
  }
}

/** Several sessions could be meant, so none is. */
export class AmbiguousSession extends Schema.TaggedError<AmbiguousSession>()("AmbiguousSession", {
  given: Schema.String,
  candidates: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${JSON.stringify(this.given)} could be any of ${listed(this.candidates)}; give more of the id`
  }
}

const listed = (ids: ReadonlyArray<string>) =>
  ids.length <= 5 ? ids.join(", ") : `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more`

/** What was asked for cannot be done in the state the session is in, as seen from here. */
export class NotNow extends Schema.TaggedError<NotNow>()("NotNow", { message: Schema.String }) {}

/** What was waited for did not come in time. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", { message: Schema.String }) {}

/** Anything else that went wrong, said in one sentence. */
export class Failure extends Schema.TaggedError<Failure>()("Failure", { message: Schema.String }) {}

/** Everything has been said; only the exit code is left, which may be an agent's own. */
export class ExitWith extends Schema.TaggedError<ExitWith>()("ExitWith", { code: Schema.Int }) {}

export type CommandFailure =
  | UsageFailure
  | NoDaemon
  | NoSuchSession
  | AmbiguousSession
  | NotNow
  | TimedOut
  | Failure
  | ExitWith
  /** The daemon answered no. */
  | Problem

export const exitCodeOf = (failure: CommandFailure): number => {
  switch (failure._tag) {
    case "UsageFailure":
    case "AmbiguousSession":
      return exitCodes.usage
    case "NoSuchSession":
      return exitCodes.notFound
    case "NotNow":
      return exitCodes.refused
    case "NoDaemon":
      return exitCodes.noDaemon
    case "TimedOut":
      return exitCodes.timedOut
    case "Failure":
      return exitCodes.failure
    case "ExitWith":
      return failure.code
    case "Problem":
      return ofStatus(failure.status)
  }
}

/** Lines for people; none when all has been said. */
export const sentenceOf = (failure: CommandFailure): ReadonlyArray<string> => {
  if (failure._tag === "ExitWith") return []
  if (failure._tag !== "Problem") return [failure.message]
  const said = failure.detail === "" ? failure.title : failure.detail
  const possible = (failure.allowed ?? []).flatMap((command) => words[command] ?? [])
  const fields = (failure.errors ?? [])
    .filter(({ message }) => !said.includes(message))
    .map(({ field, message }) => `  ${field}: ${message}`)
  return [`${said}${possible.length === 0 ? "" : ` (possible now: ${possible.join(", ")})`}`, ...fields]
}

/** The commands of the daemon that this command line has a word for. */
const words: Readonly<Record<string, string>> = {
  Write: "input",
  Prompt: "send",
  Interrupt: "interrupt",
  KillTool: "tools",
  Continue: "continue",
  Stop: "stop",
  Kill: "kill",
  Resume: "resume",
  Reload: "reload",
  Archive: "archive",
  Unarchive: "unarchive",
  Terminate: "terminate",
  Attach: "attach"
}

/** What stderr says under `--json`: the daemon's own problem, or one of the same shape. */
export const problemOf = (failure: CommandFailure): object =>
  failure._tag === "Problem"
    ? Object.fromEntries(Object.entries(failure).filter(([name, value]) => name !== "_tag" && value !== undefined))
    : { title: failure._tag, code: snakeCase(failure._tag), detail: failure.message }

const ofStatus = (status: number): number => {
  if (status === 400) return exitCodes.usage
  if (status === 404) return exitCodes.notFound
  if (status === 409 || status === 412) return exitCodes.refused
  return exitCodes.failure
}

const snakeCase = (name: string) => name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
