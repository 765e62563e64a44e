/** A holder that took a launch and never came to spawn: it is ended by identity, or it would start an agent that nobody waits for any more. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileNames, type Owner, readJson } from "../holder/launch-directory.ts"
import { isAlive, signalExactly } from "../holder/process-table.ts"

/** Resolves when no such holder lives. One that has spawned is left alone: its agent is found by nonce, and it reaps. */
export const endIdleHolder = async (directory: string): Promise<void> => {
  const owner = readJson<Owner>(join(directory, fileNames.owner))
  if (owner?.role !== "holder" || existsSync(join(directory, fileNames.identity))) return
  for (let signals = 0; signals < mostSignals && isAlive(owner.process); signals++) {
    signalExactly(owner.process, "SIGKILL")
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  }
}

/** SIGKILL needs one; what is in an uninterruptible wait cannot spawn either. */
const mostSignals = 100
const betweenMs = 20
