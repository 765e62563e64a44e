/** One thread for each conversation that is read whole, few at once, each with a limit of time and memory. */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Reading, Result } from "./history-reading.ts"

export type Answered =
  | { readonly _tag: "Result"; readonly result: Result }
  | { readonly _tag: "Refused"; readonly code: string; readonly message: string }

export const readInThread = (reading: Reading): Effect.Effect<Answered> =>
  Effect.callback<Answered>((resume) => {
    const refused = (code: string, message: string) => resume(Effect.succeed({ _tag: "Refused", code, message }))
    let worker: Worker
    try {
      worker = new Worker(program(), {
        workerData: reading,
        name: "history",
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: limits.historyHeapMegabytes, maxYoungGenerationSizeMb: 32 }
      })
    } catch (error) {
      // The machine has no descriptors, no memory or no process for a thread.
      const { code = "unreadable", message } = error as NodeJS.ErrnoException
      return refused(code, message)
    }
    worker.unref()
    worker.once("message", (answered: Answered) => resume(Effect.succeed(answered)))
    worker.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? refused("TOO_MANY_LINES", `${reading.path} has more lines than are read there`)
        : refused(error.code ?? "unreadable", error.message)
    )
    worker.once("exit", () => refused("unreadable", "the thread that reads it ended early"))
    return Effect.promise(() => worker.terminate())
  }).pipe(
    Effect.timeoutOrElse({
      duration: limits.historyMs,
      orElse: () =>
        Effect.succeed<Answered>({
          _tag: "Refused",
          code: "TOO_SLOW",
          message: `${reading.path} could not be read within ${limits.historyMs} ms`
        })
    })
  )

/** Beside this module: as source in a checkout, as one file in a package. */
const program = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  const source = join(here, "history-thread.ts")
  return existsSync(source) ? source : join(here, "history-thread.js")
}
