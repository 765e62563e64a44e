/** What a program says its version is: asked once, in a limited time, and with nothing left of it afterwards. */
import { type ChildProcess, spawn } from "node:child_process"
import { Effect } from "effect"
import type { Environment } from "../../domain/environment.ts"
import { limits } from "../../domain/limits.ts"

/** Null: it did not end well, not in time, or said nothing that looks like a version. */
export const versionOf = (executable: string, args: ReadonlyArray<string>, environment: Environment): Effect.Effect<string | null> =>
  Effect.callback<string | null>((resume) => {
    // A group of its own: several agents are a wrapper and a child that outlives it.
    let child: ChildProcess
    try {
      child = spawn(executable, args, { cwd: "/", env: environment, stdio: ["ignore", "pipe", "ignore"], detached: true })
    } catch {
      // The kernel has no memory for a process: Node throws that.
      return resume(Effect.succeed(null))
    }
    // At once: an error without a listener ends the daemon.
    child.on("error", () => settle(null))
    let said = ""
    // Without descriptors there is no pipe, and the error event says so.
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < longestAnswer) said += text
    })
    const end = () => endGroup(child.pid)
    const timer = setTimeout(end, limits.versionMs)
    const settle = (version: string | null) => {
      clearTimeout(timer)
      resume(Effect.succeed(version))
    }
    child.on("close", (code) => settle(code === 0 ? (pattern.exec(said)?.[0] ?? null) : null))
    return Effect.sync(() => {
      clearTimeout(timer)
      end()
    })
  })

const pattern = /\d+\.\d+(?:\.\d+)?(?:-[0-9A-Za-z.-]+)?/
const longestAnswer = 4_096

const endGroup = (pid: number | undefined) => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause
  }
}
