/** Launches of another home: a log that was copied, or restored beside its original, names processes that are not its own to end. */
import { existsSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { carriesNonce, valueIn } from "../../domain/launch-marks.ts"
import { launchDirectory, readOwner } from "../holder/launch-directory.ts"
import { environOf, pidsNow, workingDirectory } from "../holder/process-table.ts"
import { holderIsDead } from "./remains.ts"
import type { LaunchRef } from "./runtime.ts"

/**
 * The home that the launch lives in, where it is another than `home`; null else. Where the launch's directory was copied too, its holder
 * works in the original one; where it was not, a process of the launch names the home, and the directory there has a holder that lives.
 */
export const otherHomeOf = (home: string, { generation, nonce, session }: LaunchRef): string | null => {
  const own = launchDirectory(home, session, generation)
  if (existsSync(own)) {
    if (holderIsDead(own)) return null
    const directory = workingDirectory(readOwner(own)?.process.pid ?? 0)
    return directory === null || isSame(directory, own) || readOwner(directory)?.nonce !== nonce ? null : join(directory, "../../..")
  }
  for (const pid of pidsNow()) {
    const environ = environOf(pid)
    if (!carriesNonce(environ, nonce)) continue
    const other = homeIn(environ, session)
    if (other === null || isSame(other, home)) continue
    const directory = launchDirectory(other, session, generation)
    if (readOwner(directory)?.nonce === nonce && !holderIsDead(directory)) return other
  }
  return null
}

const homeIn = (environ: string, session: string): string | null => {
  const spool = valueIn(environ, "REPRISE_HOOK_SPOOL") ?? ""
  const below = spool.indexOf(`/sessions/${session}/`)
  return below <= 0 ? null : spool.slice(0, below)
}

const isSame = (one: string, other: string): boolean => {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return true
  }
}
