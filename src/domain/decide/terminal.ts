/** The terminal and its clients: typing, interrupting, ending a tool, its size, clients that come and go, and what to do when none is left. */

import { isBusy } from "../activity.ts"
import type { Fact } from "../facts.ts"
import type { Command, Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { agentOf } from "../providers/index.ts"
import { insideOf, isUp, lifeOf } from "../session.ts"
import { isChoosing, type PendingWrite, type SessionContext, sizesWithout } from "../session-context.ts"
import type { Size } from "../spec.ts"
import { deadlineIn } from "../time.ts"
import { promptWriteSettled } from "./prompt-fates.ts"
import { fact, nothing, type Policies, type Rule, refuse, type Situation } from "./verdict.ts"

type TerminalInput = Extract<
  Command | Report,
  {
    readonly type:
      | "Write"
      | "Interrupt"
      | "KillTool"
      | "EndLeftovers"
      | "ToolEnded"
      | "Resize"
      | "Attach"
      | "Detach"
      | "Patch"
      | "WriteSettled"
  }
>

export const terminal: Policies<TerminalInput> = {
  Write: (situation, { by, bytes, empties, writeId }) =>
    type(situation, { writeId, kind: "input", bytes, by, ...emptying(situation, empties === true) }),
  /** Latched: while one is under way another changes nothing. Pressed twice, several agents end. */
  Interrupt: (situation, { by, writeId }) => {
    const { activity, interrupt } = situation.context
    const up = isUp(situation.session)
    if (up && interrupt !== null) return nothing("repeated")
    const agent = agentOf(situation.context)
    if (up && agent.conversation !== null && activity.value === "idle") return refuse("no_turn", "no turn is running")
    const latch = isBusy(activity.value) ? { latch: deadlineIn(situation.now, limits.interruptMs) } : {}
    const empties = emptying(situation, agent.interrupt === ctrlC)
    return type(situation, { writeId, kind: "interrupt", bytes: agent.interrupt.length, by, ...latch, ...empties })
  },
  WriteSettled: (situation, settled) => {
    const { generation, outcome, why, writeId } = settled
    const prompt = situation.context.prompts.find((open) => open.writeId === writeId && open.stage === "claimed")
    if (prompt !== undefined) return promptWriteSettled(situation, prompt, settled)
    const written = situation.context.pendingWrites.find((write) => write.writeId === writeId)
    if (written === undefined) return nothing("repeated")
    return outcome === "written"
      ? [fact("InputWritten", situation, { generation, writeId }), ...emptied(situation, written)]
      : [
          fact("InputFailed", situation, {
            generation,
            writeId,
            code: outcome === "withheld" ? "uncertain" : outcome,
            ...(why === undefined ? {} : { why })
          }),
          ...(situation.context.interrupt?.writeId === writeId
            ? [fact("InterruptSettled", situation, { generation, writeId, outcome: "failed" })]
            : [])
        ]
  },
  KillTool: (situation, { by, pgid }) => [fact("ToolKillRequested", situation, { generation: situation.context.generation, pgid, by })],
  EndLeftovers: (situation, { by, swept }) => [fact("LeftoversEnded", situation, { generation: situation.context.generation, swept, by })],
  ToolEnded: (situation, { generation, left, pgid, pids, signal }) =>
    generation === situation.context.generation
      ? [fact("ToolKilled", situation, { generation, pgid, pids, signal, left })]
      : nothing("stale_generation"),
  Resize: (situation, { client, size }) => {
    const { clientSizes = {}, clients, spec } = situation.context
    if (client === undefined) return isSame(size, spec.size) ? nothing("unchanged") : [fact("Resized", situation, { size })]
    if (!clients.includes(client)) return nothing("repeated")
    const smallest = smallestOf({ ...clientSizes, [client]: size }) ?? size
    const before = clientSizes[client]
    return before !== undefined && isSame(before, size) && isSame(smallest, spec.size)
      ? nothing("unchanged")
      : [fact("Resized", situation, { size: smallest, client, clientSize: size })]
  },
  Attach: (situation, { client, mode }) =>
    situation.context.clients.length >= limits.clientsPerSession
      ? refuse("too_many_clients", `at most ${limits.clientsPerSession} clients may be attached`)
      : [fact("ClientAttached", situation, { client, mode })],
  Detach: (situation, { client, typedBytes }) => {
    const { clients } = situation.context
    if (!clients.includes(client)) return nothing("repeated")
    const detached = [fact("ClientDetached", situation, { client, typedBytes }), ...sizeWithout(situation, client)]
    return lifeOf(situation.session) === "streaming" ? [...detached, armIdleStop] : detached
  },
  Patch: (situation, { by, changes }) => {
    const { session } = situation
    if (Object.keys(changes).length === 0) return nothing("unchanged")
    // What a process was launched with stays true as long as it lives.
    if ((changes.cwd ?? changes.command ?? changes.env) !== undefined && lifeOf(session) !== "ended")
      return refuse("not_ended", "the directory, the command and the environment change between two launches: stop the session first")
    const patched = fact("SessionPatched", situation, { changes, by })
    if (changes.idleStopMs === undefined || lifeOf(session) !== "streaming") return [patched]
    return [patched, armIdleStop]
  }
}

/** The terminal is as large as the smallest of those that type into it: what is drawn beyond an edge cannot be seen there. */
const smallestOf = (sizes: { readonly [client in string]: Size }): Size | null => {
  const all = Object.values(sizes)
  if (all.length === 0) return null
  return { cols: Math.min(...all.map(({ cols }) => cols)), rows: Math.min(...all.map(({ rows }) => rows)) }
}

/** Of those that stay; the last one leaves the terminal as it is. */
const sizeWithout = (situation: Situation, client: string): ReadonlyArray<Fact> => {
  const { clientSizes, spec } = situation.context
  if (clientSizes?.[client] === undefined) return []
  const size = smallestOf(sizesWithout(clientSizes, client))
  return size === null || isSame(size, spec.size) ? [] : [fact("Resized", situation, { size })]
}

const ctrlC = "\x03"
/** Where text stands in the composer, and no dialog takes the key. */
const emptying = ({ context: { activity, typing } }: Situation, empties: boolean) =>
  empties && typing != null && !isChoosing(activity) ? { empties: true as const } : {}

/** What stood in the composer went with Enter or ctrl-c, whatever typed it. */
const emptied = (situation: Situation, { emptiedBy }: PendingWrite) => {
  const { typing } = situation.context
  return emptiedBy === undefined || typing == null ? [] : [fact("TypingEnded", situation, { client: typing.client, by: emptiedBy })]
}

const isSame = (one: Size, other: Size) => one.cols === other.cols && one.rows === other.rows

const type = (
  situation: Situation,
  write: Pick<Extract<Fact, { type: "InputAccepted" }>, "writeId" | "kind" | "bytes" | "by" | "latch" | "empties">
) =>
  situation.context.pendingWrites.length >= limits.pendingWrites
    ? refuse("too_many_pending_writes", `at most ${limits.pendingWrites} inputs may wait to be written`)
    : [fact("InputAccepted", situation, { generation: situation.context.generation, ...write })]

/** No source said in time that the turn has ended. The key is not pressed again on a guess. */
export const interruptOverdue = (situation: Situation): ReadonlyArray<Fact> => {
  const { generation, heard, interrupt } = situation.context
  if (interrupt === null) return []
  // Reported, though no source has called the agent idle since.
  const outcome = heard !== null && heard.ended === heard.turns ? "turn_ended" : "unconfirmed"
  return [fact("InterruptSettled", situation, { generation, writeId: interrupt.writeId, outcome })]
}

/** Nothing when the session has no idle limit, is being stopped, its agent is gone, or a client is attached. */
export const armIdleStop: Rule = (situation) => {
  const { clients, process, spec, stop }: SessionContext = situation.context
  return spec.idleStopMs === null || clients.length > 0 || stop !== null || process === null || insideOf(situation.session) === "reaping"
    ? []
    : [fact("IdleStopArmed", situation, { deadline: deadlineIn(situation.now, spec.idleStopMs) })]
}
