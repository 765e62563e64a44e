/** Ends every process of a tree, politely first, and is sure of it; what cannot be killed is named once and never given up. */
import type { Leftover } from "../../domain/facts.ts"
import { limits } from "../../domain/limits.ts"
import { type Member, type ProcessTree, signalAll } from "./tree.ts"

export interface KillingOptions {
  /** True: no time for politeness (any more). */
  readonly atOnce: () => boolean
  /** Before the first signal of each kind that finds a process. */
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
 * Resolves after several looks in a row that found none and left no doubt. What is found is stopped first and ended once no other is seen:
 * a process that is stopped starts no more. A process in an uninterruptible wait dies when the kernel lets it, so there is no giving up,
 * only growing pauses.
 */
export const killUntilClear = async (
  tree: ProcessTree,
  { abort, onLeftovers, onStep }: Pick<KillingOptions, "abort" | "onLeftovers" | "onStep">
): Promise<void> => {
  const startedAt = performance.now()
  let begun = false
  let told = false
  let pauseMs = firstPauseMs
  const killed = new Set<number>()
  for (let emptyLooks = 0, doubts = 0; emptyLooks < limits.emptyLooks && abort?.aborted !== true; ) {
    const seen = tree.scan()
    const newcomers = hunt(tree)
    if (seen.length === 0 && newcomers.frozen === 0) {
      if (newcomers.vanished > 0 && doubts < limits.doubtfulLooks) {
        doubts += 1
        await pause(0)
      } else {
        emptyLooks += 1
        if (emptyLooks < limits.emptyLooks) await pause(emptyLooks * betweenLooksMs)
      }
      continue
    }
    emptyLooks = 0
    const members = freeze(tree, seen)
    if (!begun && members.length > 0) onStep("kill", ["SIGKILL"], pidsOf(members))
    begun ||= members.length > 0
    const fresh = members.filter(({ identity }) => !killed.has(identity.pid))
    for (const pid of signalAll(members, ["SIGKILL"])) killed.add(pid)
    if (performance.now() - startedAt >= leftoversAfterMs) {
      pauseMs = Math.min(longestPauseMs, pauseMs * 2)
      if (!told && members.length > 0) {
        onLeftovers(members.map(({ command, identity }) => ({ pid: identity.pid, command })))
        told = true
      }
      await pause(pauseMs)
    } else await pause(fresh.length > 0 ? 0 : firstPauseMs)
  }
}

/** Stops all that is seen until a scan sees none that was not stopped. */
const freeze = (tree: ProcessTree, seen: ReadonlyArray<Member>): ReadonlyArray<Member> => {
  const frozen = new Set<string>()
  const keyOf = ({ identity }: Member) => `${identity.pid} ${identity.startTime}`
  let members = seen
  for (let looks = 0; looks < limits.freezingLooks; looks++) {
    const running = members.filter((member) => !frozen.has(keyOf(member)))
    if (running.length === 0 && looks > 0) return members
    signalAll(running, ["SIGSTOP"])
    for (const member of running) frozen.add(keyOf(member))
    tree.freezeNewcomers()
    members = tree.scan()
  }
  return members
}

/** Quick looks, more of them while any process comes and goes; a slice only, for a daemon or a holder has other work too. */
const hunt = (tree: ProcessTree): { readonly frozen: number; readonly vanished: number } => {
  const until = performance.now() + limits.huntMs
  let vanished = 0
  for (let looks = 0; looks < quickLooks || (vanished > 0 && performance.now() < until); looks++) {
    const look = tree.freezeNewcomers()
    vanished += look.vanished
    if (look.frozen > 0) return { frozen: look.frozen, vanished }
  }
  return { frozen: 0, vanished }
}

const pidsOf = (members: ReturnType<ProcessTree["scan"]>) => members.map(({ identity }) => identity.pid)

const politeSignals = ["SIGHUP", "SIGCONT", "SIGTERM"] as const
/** What outlived its leader gets this long between the polite signals and SIGKILL. */
const politeMs = 1_000
const lookMs = 50
/** Between looks that found none: 20, 40, … ms, so that five take 200. */
const betweenLooksMs = 20
const quickLooks = 3
const firstPauseMs = 20
const longestPauseMs = 5_000
const leftoversAfterMs = 5_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
