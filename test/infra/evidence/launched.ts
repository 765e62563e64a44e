/** Processes like those of a launch: a script with a nonce in its environment, in a session of its own. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { identityOf } from "../../../src/infra/holder/process-table.ts"

export interface Launched {
  readonly child: ChildProcess
  readonly pid: number
  readonly process: NonNullable<ReturnType<typeof identityOf>>
  readonly nonce: string
  /** The first line that the script printed. */
  readonly said: string
  /** Ends the whole session. */
  readonly end: Effect.Effect<void>
}

/** Resolves when the script has printed a line. */
export const launched = (script: string, nonce: string): Effect.Effect<Launched, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const environment = { ...process.env, REPRISE_NONCE: nonce }
      const child = spawn("bash", ["-c", script], { env: environment, detached: true, stdio: ["ignore", "pipe", "inherit"] })
      const over = new Promise<void>((resolve) => child.on("exit", () => resolve()))
      const said = await new Promise<string>((resolve) => child.stdout!.once("data", (bytes) => resolve(String(bytes).trim())))
      const pid = child.pid!
      const end = Effect.promise(async () => {
        try {
          process.kill(-pid, "SIGKILL")
        } catch {
          // ESRCH: it has ended.
        }
        await over
      })
      return { child, pid, process: identityOf(pid)!, nonce, said, end }
    }),
    ({ end }) => end
  )

export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "evidence-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const until = (what: string, holds: () => boolean, withinMs = 10_000) =>
  Effect.gen(function* () {
    for (const begun = Date.now(); !holds(); yield* Effect.sleep(2)) {
      if (Date.now() - begun > withinMs) return yield* Effect.die(new Error(`never: ${what}`))
    }
  })
