/** What an input itself came of: something outside the log, a deadline, or an effect that an earlier fact obliged the daemon to. */
import { earliest } from "../decide/index.ts"
import type { SessionEffect } from "../effects.ts"
import { type DeadlineName, daemon, type FactType } from "../facts.ts"
import { Command, type HolderEvent, type InputOf } from "../inputs.ts"
import { limits } from "../limits.ts"
import type { Session } from "../session.ts"
import type { Deadline } from "../time.ts"
import { who } from "./fact-sentences.ts"
import type { Raw, Told } from "./history.ts"
import type { Link } from "./link.ts"

export type Cause =
  | { readonly _tag: "Ends"; readonly link: Link }
  /** An effect of one of these facts, which had to be performed before. */
  | { readonly _tag: "Owed"; readonly by: ReadonlyArray<FactType>; readonly effect: (effect: SessionEffect) => boolean }
  | { readonly _tag: "Due"; readonly name: DeadlineName; readonly deadline: Deadline }
  /** The newest fact before it that matches. */
  | { readonly _tag: "After"; readonly fact: (raw: Raw) => boolean; readonly sentence: string }

/** `before`: the session as it was when the input came. */
export const causeOf = (told: Told, before: Session | null): Cause => {
  const { actor, cause, fact } = told
  if (cause === null) return cannotTell("the log does not hold the input that this was decided on")
  const { input, moment } = cause
  if (input.type === "Create" || input.type in Command.cases) return asked(input.type, "by" in input ? input.by : actor)
  // The occasion says when its turn came; the queued prompt says why there was anything to type.
  if (fact.type === "PromptClaimed")
    return {
      _tag: "After",
      fact: ({ data, type }) => type === "PromptQueued" && (data.prompt as { readonly id?: unknown } | undefined)?.id === fact.promptId,
      sentence: `The prompt ${fact.promptId} had waited for this.`
    }
  switch (input.type) {
    case "Prepared":
    case "PrepareFailed":
      return owed(["SessionCreated", "ResumeRequested", "RelaunchStarted"], "Prepare", input.generation)
    case "LaunchFailed":
      return owed(["LaunchIntended"], "Spawn", input.generation)
    case "HolderReported":
      return holderReported(input, before)
    case "WriteSettled":
      return {
        _tag: "Owed",
        by: ["InputAccepted", "PromptClaimed"],
        effect: (effect) => (effect.type === "Write" || effect.type === "DeliverPrompt") && effect.writeId === input.writeId
      }
    case "PromptUndeliverable":
      return {
        _tag: "Owed",
        by: ["PromptClaimed"],
        effect: (effect) => effect.type === "DeliverPrompt" && effect.promptId === input.promptId
      }
    case "SweepDelayed":
    case "Swept":
      return owed(["HolderLost"], "Sweep", input.generation)
    case "ActivityObserved":
      return input.evidenceOffset === undefined
        ? ends("agent", `The agent's ${input.source} said so.`)
        : ends(
            "output",
            `The agent said so in its output (${input.source}), in the bytes that end at ${input.evidenceOffset}.`,
            input.evidenceOffset
          )
    case "ToolEnded":
      return owed(["ToolKillRequested"], "KillTool", input.generation)
    case "TurnObserved":
    case "ConversationObserved":
    case "BlockObserved":
    case "MessageNotKnown":
      return ends("agent", `The agent's ${input.source} said so.`)
    case "TranscriptAdvanced":
      return ends("agent", `The agent wrote it into its transcript, in the bytes that end at ${input.to}.`)
    case "EchoObserved":
      return ends("machine", "The terminal's settings said so.")
    case "SuspensionObserved":
      return ends("machine", "The process table said so.")
    case "TranscriptRefused":
      return ends("machine", `The file system said so of ${input.path} (${input.code}).`)
    case "PromptObserved":
      return ends("agent", `The agent's ${input.source} said so: ${input.detail}.`)
    case "Reattached":
      return ends("daemon", `A daemon started, after ${input.downMs} ms without one, and found the holder alive.`)
    case "HolderGone":
      return cannotTell(`the holder died or was lost without a word (${input.reason})`)
    case "HostRebooted":
      return ends("machine", `The machine was rebooted: its boot is ${moment.bootId}, and was ${before?.context.bootId || "not known"}.`)
    case "DeadlineReached": {
      const due = before === null ? null : earliest(before.context.deadlines)
      return due !== null && due.deadline.bootMs <= moment.bootMs
        ? { _tag: "Due", name: due.name, deadline: due.deadline }
        : ends("daemon", "A daemon started, and asked the session what was due.")
    }
    default:
      return cannotTell(`nothing is known here of where the input ${(input as { readonly type: string }).type} comes from`)
  }
}

const asked = (command: string, by: string): Cause => {
  if (command === "Detach")
    return by === daemon
      ? ends("daemon", "A daemon started: clients of an earlier daemon were gone.")
      : ends("request", `The connection of ${by} ended.`)
  return ends(
    "request",
    `${who(by)} asked for it over the interface: ${command === "Create" ? "a new session" : `the command ${command}`}.`
  )
}

const holderReported = ({ entry, generation }: InputOf<"HolderReported">, before: Session | null): Cause => {
  const event: HolderEvent = entry.event
  const stopped = (before?.context.stop ?? null) !== null
  const ladder = owed(["StopRequested", "StopEscalated", "ProcessSpawned", "Adopted"], "RunLadder", generation)
  const exit: Cause = {
    _tag: "After",
    fact: ({ data, type }) => type === "ProcessExited" && data.generation === generation,
    sentence: "The process itself had gone before, and what is left of a tree is ended with it."
  }
  switch (event.type) {
    case "spawned":
    case "launch_failed":
      return owed(["LaunchIntended"], "Spawn", generation)
    case "output_began":
      return ends("output", `The agent wrote its first output, from byte ${entry.offset} on.`, entry.offset)
    case "stop_step":
    case "leftovers":
    case "cleared":
      return stopped ? ladder : exit
    case "exited":
      if (stopped) return ladder
      return event.signal === null
        ? ends("process", "The process exited by itself; no stop was under way.", entry.offset)
        : cannotTell(`no stop was under way: the log does not hold who sent ${event.signal}, or whether the process failed by itself`)
    case "output_dropped":
      return event.reason === "retention"
        ? ends("policy", `Of each session the newest ${limits.outputRetentionBytes} bytes are kept.`, event.to)
        : ends("machine", "The disk was full, and the bytes that could not be kept were counted.", event.to)
    default:
      return ends("holder", `The holder reported it: ${(event as { readonly type: string }).type}.`, entry.offset)
  }
}

const owed = (by: ReadonlyArray<FactType>, type: SessionEffect["type"], generation: number): Cause => ({
  _tag: "Owed",
  by,
  effect: (effect) => effect.type === type && effect.generation === generation
})

type Origin = Extract<Link, { readonly kind: "origin" }>
const ends = (source: Origin["source"], sentence: string, offset: number | null = null): Cause => ({
  _tag: "Ends",
  link: { kind: "origin", source, offset, sentence }
})
export const cannotTell = (why: string): Extract<Cause, { readonly _tag: "Ends" }> => ({
  _tag: "Ends",
  link: { kind: "cannot_tell", sentence: `cannot tell: ${why}.` }
})
