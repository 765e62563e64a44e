/** What a session remembers beside its state: plain JSON, written by facts alone. */
import type { Activity, EvidenceSource } from "./activity.ts"
import type { Asked, Beginning, DeadlineName, EndCause, FactOf, Leftover, Lineage, ProcessIdentity, Prompt, StateReport } from "./facts.ts"
import type { CountedCall, Usage } from "./observations.ts"
import type { Provider } from "./providers/provider.ts"
import type { Size, Spec } from "./spec.ts"
import type { Deadline } from "./time.ts"

export interface Exit {
  readonly cause: EndCause
  readonly code: number | null
  readonly signal: string | null
  readonly at: number
}

export interface StopOrder {
  readonly mode: "stop" | "kill"
  /** What becomes of the session once nothing of its process is left. */
  readonly outcome: "end" | "archive" | "terminate" | "reload"
  readonly by: string
  readonly reason: string
  readonly at: number
}

export interface PendingWrite {
  readonly writeId: string
  readonly kind: "input" | "interrupt"
  /** The client whose Enter or ctrl-c it ends with: the composer is empty once it is written. */
  readonly emptiedBy?: string
}

/** What outlives the agent's processes. */
export interface Conversation {
  readonly id: string | null
  readonly transcript: string | null
  /** Something was said in it: before that there is nothing to resume. */
  readonly begun: boolean
  /** How the present launch began it. */
  readonly kind: Beginning["kind"]
  /** It ended its agents, and the next launch begins another. */
  readonly abandoned?: boolean
  /** The abandoned one that this one replaces. */
  readonly replaces?: string
}

/** One word on what the agent does. */
export interface Word {
  readonly value: Activity
  readonly source: EvidenceSource
  readonly at: number
  readonly question: string | null
  readonly asked?: Asked
  readonly evidenceOffset?: number
  readonly speaker?: number
  readonly behindBytes?: number
  /** When it was so, by what its source said last; absent where that did not say. */
  readonly observedAt?: number
}

export interface Heard {
  readonly changes: number
  readonly turns: number
  /** The newest turn that is known to have ended, counted like `turns`. */
  readonly ended?: number
}

/** A prompt whose fate is open. */
export interface OpenPrompt extends Prompt {
  readonly stage: "queued" | "claimed" | "written" | "submitted" | "accepted"
  readonly writeId: string | null
  /** It could not be typed just now: it waits for the holder to be reached again, or for the next generation. */
  readonly held: boolean
  /** It was in doubt once and is sent again; a second doubt ends it. */
  readonly resent: boolean
  /** It came when the agent was gone already: it brings the next one. */
  readonly resumes?: boolean
  /** When its acceptance is overdue; null before it is submitted. */
  readonly acceptBy: Deadline | null
  /** When it was claimed, epoch milliseconds. */
  readonly claimedAt?: number
  /** How much of the output was known when it was claimed: what the agent had said up to there was said before. */
  readonly claimedOffset?: number
  /** What was known of the agent when the prompt was claimed: what came since is evidence, what was before is not. */
  readonly before: Heard
}

export interface SessionContext {
  readonly id: string
  readonly spec: Spec
  readonly createdAt: number
  readonly updatedAt: number
  readonly offset: number

  /** The launch that is prepared, under way or alive; in `ended`, the last one. */
  readonly generation: number
  readonly nonce: string
  readonly executable: string
  /** The boot that this session's deadlines and process belong to. */
  readonly bootId: string
  readonly process: (ProcessIdentity & { readonly startedAt: number }) | null
  /** The newest entry of the present holder's journal that is in the log. */
  readonly holderSeq: number
  /** How the leader went, between its exit and the end of its generation. */
  readonly leaderExit: { readonly code: number | null; readonly signal: string | null } | null
  readonly leftovers: ReadonlyArray<Leftover>

  readonly exit: Exit | null
  readonly stop: StopOrder | null
  /** Relaunches since the agent was last healthy. */
  readonly attempts: number
  readonly relaunch: { readonly attempt: number; readonly delayMs: number } | null
  /** When the newest relaunches began, milliseconds since boot; at most as many as a window allows. */
  readonly relaunchedAt: ReadonlyArray<number>

  readonly activity: Word
  /** What a weaker source says against it, until the stronger one speaks again or its time is up. */
  readonly doubt: Word | null
  /** Since when the agent is stopped, epoch milliseconds; null or absent while it runs. */
  readonly suspendedAt?: number | null
  /** Since when the terminal echoes nothing, epoch milliseconds; null or absent while it does. */
  readonly echoOffAt?: number | null
  /** Text that was typed and not sent, by a client's person or for a prompt; null or absent while the composer is empty. */
  readonly typing?: { readonly client: string; readonly by: string; readonly at: number; readonly ofPrompt?: string } | null
  /** How often the activity has changed, and how often of that to being busy; null while it has not. */
  readonly heard: Heard | null
  readonly deadlines: { readonly [name in DeadlineName]?: Deadline }
  readonly pendingWrites: ReadonlyArray<PendingWrite>
  /** In the order of delivery. */
  readonly prompts: ReadonlyArray<OpenPrompt>
  readonly clients: ReadonlyArray<string>
  /** Of the clients that said so; absent while none has. */
  readonly clientSizes?: { readonly [client in string]: Size }
  /** The output offset when the idle deadline was armed: output since then means that a person or a program is at work. */
  readonly idleOffset: number
  readonly notice: string | null

  /** A provider of the user's own; null for a built-in one. */
  readonly provider: Provider | null
  readonly beginning: Beginning | null
  readonly lineage: Lineage | null
  /** Null before the first launch, and where the provider knows none. */
  readonly conversation: Conversation | null
  /** The conversation of another live session that the agent claimed last; absent while it claimed none. */
  readonly claimed?: { readonly id: string; readonly heldBy: string } | null
  /** How many resumes in a row ended the agent within seconds; null for none. */
  readonly poisoned: number | null
  /** How far the conversation's own file is read. */
  readonly transcript: { readonly path: string; readonly offset: number; readonly lines: number; readonly call: CountedCall | null } | null
  /** Why the conversation's file cannot be read; absent while it can, and while there is none. */
  readonly unreadable?: { readonly path: string; readonly code: string } | null
  readonly model: string | null
  readonly usage: Usage | null
  readonly blocked: { readonly cause: "auth" | "rate_limited"; readonly until: number | null; readonly detail: string } | null
  readonly report: (StateReport & { readonly at: number }) | null
  /** An interrupt whose turn has not ended yet. */
  readonly interrupt: { readonly writeId: string; readonly by: string } | null
  /** The newest turn that a process did not live to end. */
  readonly abandoned: { readonly generation: number; readonly promptId: string | null; readonly at: number } | null
  /** Kinds of messages that this version does not know. */
  readonly unknownKinds: ReadonlyArray<string>
  /** The process group that a client asked to end last; absent in a session where none did. */
  readonly tool?: number
}

export const initialContext = (created: FactOf<"SessionCreated">): SessionContext => ({
  id: created.id,
  spec: created.spec,
  createdAt: created.at,
  updatedAt: created.at,
  offset: created.offset,
  generation: 1,
  nonce: "",
  executable: "",
  bootId: "",
  process: null,
  holderSeq: 0,
  leaderExit: null,
  leftovers: [],
  exit: null,
  stop: null,
  attempts: 0,
  relaunch: null,
  relaunchedAt: [],
  activity: { value: "unknown", source: "none", at: created.at, question: null },
  heard: null,
  deadlines: {},
  pendingWrites: [],
  prompts: [],
  clients: [],
  idleOffset: 0,
  notice: null,
  provider: created.provider ?? null,
  beginning: created.beginning ?? null,
  lineage: created.lineage ?? null,
  conversation: null,
  doubt: null,
  poisoned: null,
  transcript: null,
  model: null,
  usage: null,
  blocked: null,
  report: null,
  interrupt: null,
  abandoned: null,
  unknownKinds: []
})

/** Of the clients that stay attached. */
export const sizesWithout = (sizes: { readonly [client in string]: Size }, client: string): { readonly [client in string]: Size } =>
  Object.fromEntries(Object.entries(sizes).filter(([other]) => other !== client))

/** The deadlines but for the named ones. */
export const without = (deadlines: SessionContext["deadlines"], ...names: ReadonlyArray<DeadlineName>): SessionContext["deadlines"] =>
  Object.fromEntries(Object.entries(deadlines).filter(([name]) => !names.includes(name as DeadlineName)))

/** A prompt's expiry outlives processes. Every other deadline belongs to the launch or the wait that set it. */
export const expiryOf = ({ expire }: SessionContext["deadlines"]): SessionContext["deadlines"] => (expire === undefined ? {} : { expire })

/** The agent has taken a text in this conversation: from here on a launch can resume it. */
export const markBegun = ({ conversation }: SessionContext): { readonly conversation: Conversation | null } => ({
  conversation: conversation && { ...conversation, begun: true }
})

/** A dialog is open that takes keys: they leave no text in the agent's line, and send none. */
export const isChoosing = ({ asked, value }: Pick<Word, "asked" | "value">): boolean =>
  value === "waiting" && asked !== undefined && asked.kind !== "input"

/** The agent waits for something else than a prompt that answers the question `answers`, or none: the question would take its keys. */
export const waitsForOther = ({ asked, value }: Pick<Word, "asked" | "value">, answers: string | undefined): boolean =>
  value === "waiting" && (answers === undefined || answers !== asked?.id)

/** The same, or a dialog stands on the screen of an agent that a better source calls idle. */
export const isHeldBack = ({ activity, doubt }: Pick<SessionContext, "activity" | "doubt">, answers: string | undefined): boolean =>
  waitsForOther(activity, answers) || (answers === undefined && doubt?.value === "waiting")

export const wordOf = (fact: Omit<FactOf<"ActivityChanged">, "type">): Word => ({
  value: fact.activity,
  source: fact.source,
  at: fact.at,
  question: fact.question,
  ...(fact.asked === undefined ? {} : { asked: fact.asked }),
  ...(fact.evidenceOffset === undefined ? {} : { evidenceOffset: fact.evidenceOffset }),
  ...(fact.speaker === undefined ? {} : { speaker: fact.speaker }),
  ...(fact.behindBytes === undefined ? {} : { behindBytes: fact.behindBytes }),
  ...(fact.observedAt === undefined ? {} : { observedAt: fact.observedAt })
})
