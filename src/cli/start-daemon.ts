/** Starts a daemon that outlives this command, and waits until it is ready or has said why not. */
import { spawn } from "node:child_process"
import { closeSync, constants, mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Schedule } from "effect"
import { daemonEnvironment } from "../domain/launch-marks.ts"
import { descriptorsName, softDescriptors } from "../infra/descriptors.ts"
import { openRegular, readSmall } from "../infra/regular-file.ts"
import { connect } from "./daemon.ts"
import { Failure } from "./failures.ts"

const readyMs = 30_000
const pollMs = 50

export const startDaemon = Effect.fnUntraced(function* (home: string) {
  const log = join(home, "daemon.log")
  // What earlier daemons said of their starts is not of this one.
  const said = (readSmall(log, logBytes) ?? "").length
  const child = yield* Effect.try({
    try: () => launch(home, log),
    catch: (cause) => new Failure({ message: `the daemon cannot be started: ${cause instanceof Error ? cause.message : String(cause)}` })
  })
  // Whichever daemon answers is the one: another command may have started it a moment before, and then ours leaves at once.
  const ready = connect(home).pipe(Effect.flatMap((daemon) => Effect.as(daemon.ask(daemon.client.service.readyz({})), daemon)))
  const daemon = yield* ready.pipe(
    Effect.retry({
      while: () => child.exitCode === null && child.signalCode === null,
      schedule: Schedule.spaced(pollMs),
      times: readyMs / pollMs
    }),
    Effect.option
  )
  if (Option.isSome(daemon)) return daemon.value
  const gone = child.exitCode !== null || child.signalCode !== null
  return yield* new Failure({
    message: [
      gone ? `the daemon ended at once; ${log} says:` : `the daemon is not ready after ${readyMs / 1_000} s; ${log} says:`,
      ...lastLines(log, said)
    ].join("\n")
  })
})

/** In a session of its own and outside of the launch that this command may run in: neither's end is the daemon's end. */
const launch = (home: string, log: string) => {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT
  const { fd: descriptor } = openRegular(log, flags, { ours: true, written: true })
  const soft = softDescriptors()
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "serve", "--home", home], {
    cwd: home,
    detached: true,
    env: { ...daemonEnvironment(process.env), ...(soft === null ? {} : { [descriptorsName]: String(soft) }) },
    stdio: ["ignore", descriptor, descriptor]
  })
  closeSync(descriptor)
  child.on("error", () => {})
  child.unref()
  return child
}

/** `from`: how many characters stood there before. A file that was made again meanwhile is read whole. */
const lastLines = (path: string, from: number): ReadonlyArray<string> => {
  const text = readSmall(path, logBytes) ?? ""
  const news = (text.length < from ? text : text.slice(from)).trimEnd()
  return (news === "" ? "(nothing)" : news).split("\n").slice(-10)
}

/** A log that grew beyond this has more to say than a start. */
const logBytes = 67_108_864
