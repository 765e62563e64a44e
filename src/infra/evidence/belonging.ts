/** Whether a process is one of a launch, asked for one pid: cheaper than a scan of the tree, and by identities as strict. */
import type { ProcessIdentity } from "../../domain/facts.ts"
import { carriesNonce } from "../../domain/launch-marks.ts"
import { currentBootId, environOf, type ProcessRow, readProcess } from "../holder/process-table.ts"

export interface LaunchedProcess {
  readonly process: ProcessIdentity
  readonly nonce: string
}

/**
 * 0 for the launched process itself, 1 for its child, and so on; Infinity for one that lost its line of parents and carries the
 * launch's nonce. Null for a stranger, and for a process that is gone.
 */
export const distanceOf = (launch: LaunchedProcess, pid: number): number | null => {
  if (launch.process.bootId !== currentBootId()) return null
  let row = readProcess(pid)
  if (row === null || row.zombie) return null
  for (let distance = 0; row !== null && distance < longestLine; distance++) {
    if (is(row, launch.process)) return distance
    row = row.parent > 1 ? readProcess(row.parent) : null
  }
  return carriesNonce(environOf(pid), launch.nonce) ? Number.POSITIVE_INFINITY : null
}

const is = (row: ProcessRow, identity: ProcessIdentity) => row.pid === identity.pid && row.startTime === identity.startTime

/** A pid that is given away while its line is walked could lead in a circle. */
const longestLine = 1_024
