/** A real daemon under a fuzz target: the same process throughout, no long turn of its event loop, level memory and descriptors. */
import { readdirSync, readFileSync } from "node:fs"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import { heapMbOf, inspected } from "../support/heap.ts"
import { type Budget, type Finding, shown } from "./target.ts"

/** Resident memory, which V8 lets grow before it collects; and what is in use after a collection, which only a leak lets grow. */
export const memoryMb = 400
export const heapGrowthMb = 40

export interface Watch {
  readonly daemon: TestDaemon
  /** A session with `cat`, for inputs that need one. */
  readonly session: SessionView
  /** Looks at the daemon; call it every few hundred inputs. `last`: the inputs since the last look. */
  readonly look: (last: () => Uint8Array | string) => Promise<void>
  /** Repeats of a finding are not kept: the first input shows it. */
  readonly found: (what: string, input: Uint8Array | string) => void
}

export interface Watched {
  readonly findings: ReadonlyArray<Finding>
  readonly figures: Readonly<Record<string, number>>
}

/** `use` sends the inputs. The daemon ends with its home afterwards. */
export const withWatchedDaemon = async (
  { turnMs: longestTurnMs }: Budget,
  use: (watch: Watch) => Promise<void>,
  environment: Readonly<Record<string, string>> = {}
): Promise<Watched> => {
  await using daemon = await TestDaemon.started({ ...inspected, ...environment })
  const pid = daemon.pid
  const session = await daemon.create(["cat"], { name: "fuzzed" })
  await daemon.reaches(session.id, "streaming", ({ state }) => state === "streaming")
  const findings: Array<Finding> = []
  await turnMsOf(daemon)
  const heapBefore = await heapMbOf(daemon.log)
  const most = { turnMs: 0, memoryMb: memoryMbOf(pid) }

  const found = (what: string, input: Uint8Array | string) => {
    const kind = (text: string) => text.split(":", 1)[0]!.replaceAll(/[0-9]+/g, "")
    if (!findings.some((known) => kind(known.what) === kind(what))) findings.push({ what, input: shown(input) })
  }
  const look = async (last: () => Uint8Array | string) => {
    if (!isAlive(pid)) {
      found(`the daemon ended: ${daemon.log.slice(-600)}`, last())
      throw new DaemonEnded()
    }
    const turnMs = await turnMsOf(daemon)
    if (turnMs > longestTurnMs) found(`one turn of the event loop took ${Math.round(turnMs)} ms of processor time`, last())
    most.turnMs = Math.max(most.turnMs, turnMs)
    most.memoryMb = Math.max(most.memoryMb, memoryMbOf(pid))
  }

  try {
    await use({ daemon, session, look, found })
    await look(() => "(the last inputs)")
    await settled(daemon, found)
  } catch (cause) {
    if (!(cause instanceof DaemonEnded)) throw cause
  }
  const heap = isAlive(pid) ? await heapMbOf(daemon.log) : 0
  if (heap > heapBefore + heapGrowthMb) found(`the heap grew from ${heapBefore} to ${heap} MB`, "(all inputs)")
  if (most.memoryMb > memoryMb) found(`the daemon had ${most.memoryMb} MB`, "(all inputs)")
  return {
    findings,
    figures: { "longest turn ms": Math.round(most.turnMs), "memory MB": most.memoryMb, "heap before MB": heapBefore, "heap MB": heap }
  }
}

class DaemonEnded extends Error {}

/** Connections that ended leave no descriptor behind. */
const settled = async (daemon: TestDaemon, found: Watch["found"]) => {
  const open = () => readdirSync(`/proc/${daemon.pid}/fd`).length
  const few = 100
  await until("descriptors are closed", () => open() < few, 60_000).catch(() => {
    found(`${open()} descriptors stay open`, "(all inputs)")
  })
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const memoryMbOf = (pid: number) => Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024)

/** The longest turn since the last look; the first look only begins the watch. */
const turnMsOf = async (daemon: TestDaemon) => {
  const { body } = await daemon.ask("GET", "/metrics")
  return Number(/^reprise_event_loop_longest_turn_seconds (\S+)$/m.exec(String(body))?.[1] ?? 0) * 1_000
}
