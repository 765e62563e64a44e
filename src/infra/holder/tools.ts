/** What an agent has started in process groups of its own: seen one by one, and ended one at a time while the agent lives on. */
import { readFileSync } from "node:fs"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { isAlive, processGroup, startedAtMs } from "./process-table.ts"
import { type Member, ProcessTree, signalAll } from "./tree.ts"

export interface Tool {
  readonly pgid: number
  readonly pids: ReadonlyArray<number>
  /** As they were started, word by word; one for each pid. */
  readonly commands: ReadonlyArray<string>
  /** Of its oldest process, in epoch milliseconds. */
  readonly startedAt: number
}

/** `signal`: the last that it took. `left`: the pids that were there even after SIGKILL. */
export interface ToolEnd {
  readonly pids: ReadonlyArray<number>
  readonly signal: "SIGTERM" | "SIGKILL"
  readonly left: ReadonlyArray<number>
}

/** Oldest first. None when the leader is gone: what outlived it is the ladder's. */
export const toolsOf = (leader: ProcessIdentity, nonce: string): ReadonlyArray<Tool> =>
  [...Map.groupBy(toolMembers(new ProcessTree(leader, nonce, { watched: false }), leader), ({ group }) => group)]
    .map(([pgid, members]) => ({
      pgid,
      pids: members.map(({ identity }) => identity.pid),
      commands: members.map(commandOf),
      startedAt: Math.min(...members.map(({ identity }) => startedAtMs(identity)))
    }))
    .sort((a, b) => a.startedAt - b.startedAt)

/** Null when the agent has no such group now: no process was signalled. Each process is looked at again right before each signal. */
export const endTool = async (leader: ProcessIdentity, nonce: string, pgid: number, abort?: AbortSignal): Promise<ToolEnd | null> => {
  const tree = new ProcessTree(leader, nonce, { watched: false })
  const living = () => toolMembers(tree, leader).filter(({ group }) => group === pgid)
  const pids = new Set<number>()
  let members = living()
  if (members.length === 0) return null
  const signalUntil = async (signal: "SIGTERM" | "SIGKILL", forMs: number) => {
    const endAt = performance.now() + forMs
    for (const signalled = new Set<number>(); members.length > 0 && performance.now() < endAt && abort?.aborted !== true; ) {
      const fresh = members.filter(({ identity }) => signal === "SIGKILL" || !signalled.has(identity.pid))
      for (const pid of signalAll(fresh, [signal])) {
        signalled.add(pid)
        pids.add(pid)
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs))
      members = living()
    }
  }
  await signalUntil("SIGTERM", politeMs)
  const polite = members.length === 0
  await signalUntil("SIGKILL", killMs)
  return { pids: [...pids], signal: polite ? "SIGTERM" : "SIGKILL", left: members.map(({ identity }) => identity.pid) }
}

const politeMs = 2_000
const killMs = 5_000
const lookMs = 20
const commandChars = 400

/** Every group but the leader's own, without which there is no agent. */
const toolMembers = (tree: ProcessTree, leader: ProcessIdentity): ReadonlyArray<Member> => {
  if (!isAlive(leader)) return []
  const own = processGroup(leader.pid)
  return own === null ? [] : tree.scan().filter(({ group }) => group !== own)
}

const commandOf = ({ command, identity }: Member): string => {
  try {
    const words = readFileSync(`/proc/${identity.pid}/cmdline`, "utf8")
      .split("\0")
      .filter((word) => word !== "")
    return (words.length === 0 ? command : words.join(" ")).slice(0, commandChars)
  } catch {
    // It ended meanwhile: its name is known.
    return command
  }
}
