/** The right to launch: exactly one daemon at a time has it, it cannot be had twice, and a dead one's unused right can be taken over. */
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs"
import { rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { claim, codeOf, fileNames, readOwner } from "../holder/launch-directory.ts"
import { identityOf, isAlive, workingDirectory } from "../holder/process-table.ts"
import { ownDirectory } from "../regular-file.ts"

/** True when the directory was made by this call: that is the right to launch in it. */
export const takeRight = (directory: string): boolean => {
  ownDirectory(dirname(directory))
  try {
    mkdirSync(directory, { mode: 0o700 })
    return true
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
    return false
  }
}

/**
 * How a launch stands that another daemon started. `holder`: it happened, whether or not the holder lives. `under_way`: its maker
 * or its holder is still at it. `deserted`: nothing was started, and no process is left that would.
 */
export const standingOf = (directory: string, nowMs: number): "holder" | "under_way" | "deserted" => {
  const owner = readOwner(directory)
  if (owner?.role === "holder") return "holder"
  if (owner !== null) return isAlive(owner.process) ? "under_way" : "deserted"
  return isFresh(directory, nowMs) || holderOnItsWay(directory) ? "under_way" : "deserted"
}

/** True when the right is the caller's now. A holder that comes late finds the claim of the deserted directory, and leaves. */
export const takeOver = (directory: string, nonce: string): boolean => {
  if (!deny(directory, nonce) && readOwner(directory)?.role === "holder") return false
  const aside = `${directory}.deserted-${process.pid}-${process.hrtime.bigint()}`
  rmSync(join(directory, fileNames.spec), { force: true })
  renameSync(directory, aside)
  // An agent may have filled it with a million files: nothing waits for them to go.
  void rm(aside, { recursive: true, force: true }).catch(() => {})
  return takeRight(directory)
}

/** From now on no holder goes on in this directory. False when one has it already, or the launch was denied before. */
export const deny = (directory: string, nonce: string): boolean =>
  claim(directory, { nonce, process: identityOf(process.pid)!, role: "abandoned" })

/** Between making the directory and starting the holder lies a file or two. Times of the wall clock: a jump costs this wait. */
const isFresh = (directory: string, nowMs: number): boolean => {
  try {
    const age = nowMs - statSync(directory).ctimeMs
    return age >= 0 && age < freshMs
  } catch {
    return false
  }
}
const freshMs = 500

/** A holder works in its directory from its first moment on, or from the moment that a spare takes the launch. */
const holderOnItsWay = (directory: string): boolean => {
  try {
    const place = realpathSync(directory)
    return readdirSync("/proc").some((name) => /^\d+$/.test(name) && workingDirectory(Number(name)) === place)
  } catch {
    // It was undone meanwhile.
    return false
  }
}
