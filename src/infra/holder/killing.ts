/** Ends every process of a tree, politely first, and is sure of it; what cannot be killed is named once and never given up. */
import type { Leftover } from "../../domain/facts.ts"
import { type ProcessTree, signalAll } from "./tree.ts"

export interface KillingOptions {
  /** True: no time for politeness (any more). */
  readonly atOnce: () => boolean
  /** Before the first signal of each kind that finds somebody. */
  readonly onStep: (step: "hangup" | "kill", signals: ReadonlyArray<string>, pids: ReadonlyArray<number>) => void
  /** What is still there after five seconds of SIGKILL. */
  readonly onLeftovers: (leftovers: ReadonlyArray<Leftover>) => void
  readonly abort?: AbortSignal
}

/** Resolves when nothing is left. */
export const endTree = async (tree: ProcessTree, options: KillingOptions): Promise<void> => {
  const members = tree.scan()
  if (members.length > 0 && !options.atOnce()) {
    options.onStep("hangup", politeSignals, pidsOf(members))
    signalAll(members, politeSignals)
    for (let waitedMs = 0; waitedMs < politeMs && !options.atOnce() && tree.scan().length > 0; waitedMs += lookMs) await pause(lookMs)
  }
  await killUntilClear(tree, options)
}

/**
 * Resolves after two scans 50 ms apart found nobody: a fork that was under way during the first is seen by the second. A
 * process in an uninterruptible wait dies when the kernel lets it, so there is no giving up, only growing pauses.
 */
export const killUntilClear = async (
  tree: ProcessTree,
  { abort, onLeftovers, onStep }: Pick<KillingOptions, "abort" | "onLeftovers" | "onStep">
): Promise<void> => {
  const startedAt = performance.now()
  let begun = false
  let told = false
  let pauseMs = firstPauseMs
  for (let emptyScans = 0; emptyScans < 2 && abort?.aborted !== true; ) {
    const members = tree.scan()
    if (members.length === 0) {
      emptyScans += 1
      if (emptyScans < 2) await pause(betweenScansMs)
      continue
    }
    emptyScans = 0
    if (!begun) onStep("kill", ["SIGKILL"], pidsOf(members))
    begun = true
    signalAll(members, ["SIGKILL"])
    if (performance.now() - startedAt >= leftoversAfterMs) {
      pauseMs = Math.min(longestPauseMs, pauseMs * 2)
      if (!told) onLeftovers(members.map(({ command, identity }) => ({ pid: identity.pid, command })))
      told = true
    }
    await pause(pauseMs)
  }
}

const pidsOf = (members: ReturnType<ProcessTree["scan"]>) => members.map(({ identity }) => identity.pid)

const politeSignals = ["SIGHUP", "SIGCONT", "SIGTERM"] as const
/** What outlived its leader gets this long between the polite signals and SIGKILL. */
const politeMs = 1_000
const lookMs = 50
const betweenScansMs = 50
const firstPauseMs = 20
const longestPauseMs = 5_000
const leftoversAfterMs = 5_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
