/** Starts a holder as a process of its own: own session, no descriptor and no environment of the daemon's. */
import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { Effect } from "effect"
import { crashPoint } from "../crash-points.ts"
import { codeOf, fileNames } from "../holder/launch-directory.ts"
import { LaunchFailure } from "./runtime.ts"

/** Resolves when the holder closes its end of a pipe: it serves, or it is dead. */
export const startHolder = (program: string, directory: string) =>
  Effect.callback<void, LaunchFailure>((resume) => {
    const log = openLog(directory)
    if (typeof log !== "number") return resume(Effect.fail(log))
    const child = spawn(process.execPath, [...engineFlags, program, directory], {
      cwd: directory,
      detached: true,
      env: { PATH: "/usr/bin:/bin", UV_THREADPOOL_SIZE: "1" },
      stdio: ["ignore", log, log, "pipe"]
    })
    closeSync(log)
    child.once("error", (cause) => resume(Effect.fail(new LaunchFailure({ code: codeOf(cause), message: cause.message }))))
    child.unref()
    crashPoint("after_fork")
    const ready = child.stdio[3] as Readable | null
    ready?.once("error", () => {})
    ready?.once("close", () => resume(Effect.void))
    ready?.resume()
  })

/**
 * A small heap and no helper threads. Not `--single-threaded`, `--lite-mode`, `--jitless` or `--optimize-for-size`: they save no
 * memory here, and cost 15 ms at the start because Node's built-in code cache does not fit engine flags that change code.
 */
const engineFlags = ["--max-old-space-size=128", "--max-semi-space-size=1", "--v8-pool-size=0"]

const openLog = (directory: string): number | LaunchFailure => {
  try {
    return openSync(join(directory, fileNames.log), "a", 0o600)
  } catch (cause) {
    return new LaunchFailure({ code: codeOf(cause), message: `${directory} takes no file` })
  }
}
