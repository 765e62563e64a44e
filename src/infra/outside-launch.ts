/** A daemon that an agent's process starts leaves the launch of that agent: the end of that session must not be the daemon's end. */
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { Effect, Schema } from "effect"
import { carriesAnyNonce, daemonEnvironment, isMarkedDaemon } from "../domain/launch-marks.ts"
import { environOf, lineOf, listProcesses } from "./holder/process-table.ts"

/** Whether this process belongs to a launch and would be ended with it. The mark may have been taken out of its own environment only. */
export const isInLaunch = (): boolean =>
  !isMarkedDaemon(process.env) && [...lineOf(process.pid, listProcesses())].some((pid) => carriesAnyNonce(environOf(pid)))

class NotStarted extends Schema.TaggedError<NotStarted>()("NotStarted", { reason: Schema.String }) {
  override get message() {
    return `no process of its own can be started: ${this.reason}`
  }
}

/** The same command in a session of its own, without the marks of the launch. This process passes signals on and ends like it. */
export const outsideOfLaunch = Effect.callback<void, NotStarted>((resume) => {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    env: daemonEnvironment(process.env),
    stdio: ["ignore", "inherit", "inherit"]
  })
  // Not SIGHUP: the terminal of the session goes, and the daemon stays.
  const passed = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR2"] as const
  for (const signal of passed) process.on(signal, () => child.kill(signal))
  child.once("error", (cause) => resume(Effect.fail(new NotStarted({ reason: cause.message }))))
  child.once("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
})
