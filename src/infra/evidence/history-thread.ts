/** The thread that reads one conversation: however large its file is, the daemon beside it answers. */
import { parentPort, workerData } from "node:worker_threads"
import type { Answered } from "./histories.ts"
import { perform, type Reading } from "./history-reading.ts"

const answer = (): Answered => {
  try {
    return { _tag: "Result", result: perform(workerData as Reading) }
  } catch (error) {
    return { _tag: "Refused", code: (error as NodeJS.ErrnoException).code ?? "unreadable", message: (error as Error).message }
  }
}

parentPort?.postMessage(answer())
