/** A child that appends: its lines as they come, its end, and its death with the test at the latest. */

import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const program = fileURLToPath(new URL("appending-program.ts", import.meta.url))

export interface Line {
  readonly stream: string
  readonly inputId: string
  readonly seq: number
  readonly position: number
  readonly epoch?: number
  readonly error?: string
}

export const appending = (path: string, task: "append" | "hold", crashAt?: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { REPRISE_CRASH_AT: _, ...env } = process.env
      const child = spawn(process.execPath, [program, path, task], {
        env: crashAt === undefined ? env : { ...env, REPRISE_CRASH_AT: crashAt },
        stdio: ["ignore", "pipe", "inherit"]
      })
      const lines: Array<Line> = []
      const output = createInterface({ input: child.stdout })
      output.on("line", (line) => lines.push(JSON.parse(line) as Line))
      const first = new Promise<Line>((resolve) => output.once("line", (line) => resolve(JSON.parse(line) as Line)))
      const closed = new Promise<void>((resolve) => output.once("close", resolve))
      const exited = new Promise<string>((resolve) => child.once("exit", (code, signal) => resolve(signal ?? String(code))))
      return {
        first: Effect.promise(() => first),
        /** Signal or exit code, once every line has been read. */
        ended: Effect.promise(async () => {
          await closed
          return { how: await exited, lines }
        }),
        kill: Effect.sync(() => child.kill("SIGKILL"))
      }
    }),
    (child) => Effect.andThen(child.kill, child.ended)
  )
