/** What a session costs the daemon's memory while its agent is idle, and once it has ended. */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TestDaemon } from "../test/support/daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { type Heap, heapOf, inspectable } from "./heap.ts"
import { sleepers } from "./idle.ts"
import { writePast } from "./past.ts"
import type { Size } from "./size.ts"

export const benchMemory = async (size: Size): Promise<ReadonlyArray<Figure>> => [await idleSessions(size), await endedSessions(size)]

/** The first sessions bring code and caches into memory, and are not counted. */
const idleSessions = async ({ small }: Size): Promise<Figure> => {
  const [first, more] = small ? [5, 10] : [15, 100]
  await using daemon = await inspectable()
  await sleepers(daemon, first)
  const before = await heapOf(daemon)
  await sleepers(daemon, more)
  const after = await heapOf(daemon)
  return figure({
    ...{ name: `daemon's memory per idle session, of ${more}`, unit: "KB", better: "less" },
    ours: kilobytes(after.used - before.used) / more,
    hold: { most: 100 },
    note: `live heap and buffers after a collection; resident ${(kilobytes(after.resident - before.resident) / more).toFixed(0)} KB each`
  })
}

const endedSessions = async ({ small }: Size): Promise<Figure> => {
  const sessions = small ? 100 : 1_000
  const empty = await afterStart(0)
  const full = await afterStart(sessions)
  return figure({
    ...{ name: `daemon's memory for ${sessions} ended sessions`, unit: "KB", better: "less" },
    ours: Math.max(0, kilobytes(full.used - empty.used)),
    // None, but for what differs between two starts of the same daemon.
    hold: { most: 500 },
    note: `live heap and buffers beyond an empty home's ${kilobytes(empty.used).toFixed(0)} KB`
  })
}

const afterStart = async (ended: number): Promise<Heap> => {
  await using daemon = new TestDaemon(mkdtempSync(join(tmpdir(), "reprise-bench-")))
  if (ended > 0) await writePast(daemon.home, { sessions: ended, facts: 16, end: "ended" })
  await inspectable(daemon)
  // Awaited here: the daemon ends with this block.
  return await heapOf(daemon)
}

const kilobytes = (bytes: number) => bytes / 1_024
