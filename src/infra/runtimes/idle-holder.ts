/** Holders that serve nothing any more, ended by identity: those that never came to spawn, and those that do not answer. */
import { existsSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { fileNames, type Owner, readOwner } from "../holder/launch-directory.ts"
import { isAlive, signalExactly, workingDirectory } from "../holder/process-table.ts"
import { openSocket } from "./holder-socket.ts"

/** One that took a launch and never came to spawn would start an agent that no daemon waits for. Resolves when no such holder lives. */
export const endIdleHolder = async (directory: string): Promise<void> => {
  const owner = holderOf(directory)
  // One that has spawned is left alone: its agent is found by nonce, and it reaps.
  if (owner === null || existsSync(join(directory, fileNames.identity))) return
  await end(owner)
}

/** Once its tree is gone, a holder that is stopped or hangs would keep its memory for good. One that answers is let go by its daemon. */
export const endSilentHolder = (directory: string) =>
  Effect.suspend(() => {
    const owner = holderOf(directory)
    if (owner === null || !isAlive(owner.process)) return Effect.void
    return Effect.scoped(speaks(join(directory, fileNames.socket))).pipe(
      Effect.flatMap((answers) => (answers ? Effect.void : Effect.promise(() => end(owner))))
    )
  })

/** A kernel accepts connections for a stopped process too: only its first words show that it runs. */
const speaks = (socket: string) =>
  openSocket(socket).pipe(
    Effect.flatMap((open) => Effect.callback<true>((resume) => void open.once("data", () => resume(Effect.succeed(true))))),
    Effect.timeoutOption(silentMs),
    Effect.map((word) => word._tag === "Some"),
    Effect.orElseSucceed(() => false)
  )

const end = async (owner: Owner): Promise<void> => {
  for (let signals = 0; signals < mostSignals && isAlive(owner.process); signals++) {
    signalExactly(owner.process, "SIGKILL")
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  }
}

/**
 * Null where the launch has none. A holder works in its launch directory: a claim that names a process which does not is an agent's, and
 * no process is signalled for it.
 */
const holderOf = (directory: string): Owner | null => {
  const owner = readOwner(directory)
  if (owner?.role !== "holder") return null
  try {
    return workingDirectory(owner.process.pid) === realpathSync(directory) ? owner : null
  } catch {
    return null
  }
}

/** SIGKILL needs one; what is in an uninterruptible wait cannot spawn either. */
const mostSignals = 100
const betweenMs = 20
const silentMs = 2_000
