/** Attacks of the machine by disks and by the log's files. */
import type { Attack } from "./attack.ts"
import { fullDisks } from "./disk-full.ts"
import { harmedLogs } from "./disk-log.ts"

export const disks: ReadonlyArray<Attack> = [...fullDisks, ...harmedLogs]
