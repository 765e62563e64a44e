/** Holders that serve nothing any more, ended by identity: those that never came to spawn, and those that do not answer. */
import { existsSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { fileNames, type Owner, readOwner } from "../holder/launch-directory.ts"
import {
  carriesAnotherNonce,
  commandLine,
  currentBootId,
  identityOf,
  isAlive,
  listProcesses,
  readProcess,
  signalExactly,
  workingDirectory
} from "../holder/process-table.ts"
import { openSocket } from "./holder-socket.ts"

/** One that took a launch and never came to spawn would start an agent that no daemon waits for. Resolves when no such holder lives. */
export const endIdleHolder = async (directory: string): Promise<void> => {
  const owner = holderOf(directory)
  // One that has spawned is left alone: its agent is found by nonce, and it reaps.
  if (owner === null || existsSync(join(directory, fileNames.identity))) return
  await end(owner.process)
}

/** Once its tree is gone, a holder that is stopped or hangs would keep its memory for good. One that answers is let go by its daemon. */
export const endSilentHolder = (directory: string, nonce: string, holder: ProcessIdentity | null) =>
  Effect.suspend(() => {
    if (holder === null || !isAlive(holder)) return Effect.void
    return Effect.scoped(speaks(join(directory, fileNames.socket), nonce)).pipe(
      Effect.flatMap((answers) => (answers ? Effect.void : Effect.promise(() => endHolder(holder, nonce))))
    )
  })

/** Gives a holder whose launch is over the time to leave, and ends it where it does not. */
export const endOverdueHolder = async (holder: ProcessIdentity, nonce: string): Promise<void> => {
  for (let waitedMs = 0; waitedMs < silentMs && isAlive(holder); waitedMs += betweenMs)
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  if (isAlive(holder)) await endHolder(holder, nonce)
}

/**
 * The holder of a launch as the kernel shows it: the parent of the agent. An agent can write each file of its launch directory, and put
 * another directory there; its parent it cannot choose. Without an agent, the process that works in the directory and claims the launch.
 */
export const findHolder = (home: string, directory: string, nonce: string, leader: ProcessIdentity | null): ProcessIdentity | null => {
  const row = leader === null ? null : readProcess(leader.pid)
  if (row !== null && row.startTime === leader?.startTime && leader.bootId === currentBootId() && isHolder(home, row.parent))
    return carriesAnotherNonce(row.pid, nonce) ? null : identityOf(row.parent)
  return holderOf(directory)?.process ?? null
}

/** It runs a program that a daemon of this home has installed. */
const isHolder = (home: string, pid: number): boolean =>
  (commandLine(pid) ?? "").split("\0").some((word) => word.startsWith(`${home}/holders/`) && word.endsWith("/holder.cjs"))

/** None that has an agent of another launch. */
const endHolder = async (holder: ProcessIdentity, nonce: string): Promise<void> => {
  const isOfAnother = listProcesses().some((row) => row.parent === holder.pid && !row.zombie && carriesAnotherNonce(row.pid, nonce))
  if (!isOfAnother) await end(holder)
}

/**
 * A kernel accepts connections for a stopped process too: only its first words show that it runs. The holder of another launch says
 * another nonce: its socket may have been put in the place of this one.
 */
const speaks = (socket: string, nonce: string) =>
  openSocket(socket).pipe(
    Effect.flatMap((open) => Effect.callback<Buffer>((resume) => void open.once("data", (bytes) => resume(Effect.succeed(bytes))))),
    Effect.timeoutOption(silentMs),
    Effect.map((word) => word._tag === "Some" && word.value.includes(`"nonce":${JSON.stringify(nonce)}`)),
    Effect.orElseSucceed(() => false)
  )

const end = async (holder: ProcessIdentity): Promise<void> => {
  for (let signals = 0; signals < mostSignals && isAlive(holder); signals++) {
    signalExactly(holder, "SIGKILL")
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
