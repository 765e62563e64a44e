/** What holder and daemon say to each other: one JSON object a line over a unix socket, additive only, versioned by itself. */
import type { ProcessIdentity, WriteRefusal } from "../../domain/facts.ts"
import type { JournalEntry } from "../../domain/inputs.ts"
import type { Size } from "../../domain/spec.ts"
import type { WriteOutcome } from "./typing.ts"

/** A daemon talks to every holder whose range meets its own. */
export const protocolRange = { min: 1, max: 1 } as const

/** A line longer than this closes its connection. A write of 1 MiB takes 1.4 MiB in base64. */
export const lineBytes = 2_097_152

/** The holder speaks first. */
export interface Hello {
  readonly type: "hello"
  readonly protocol: { readonly min: number; readonly max: number }
  readonly build: string
  readonly session: string
  readonly generation: number
  readonly nonce: string
  /** Null while, or because, nothing was spawned. */
  readonly process: ProcessIdentity | null
  readonly holder: ProcessIdentity
  /** Up to here the output can be read from its files. */
  readonly offset: number
  readonly size: Size
  readonly journalLength: number
  readonly step: "goodbye" | "hangup" | "kill" | null
}

/** A stop that the daemon could not record in its log: the holder keeps it in its journal. Holders from before it ignore it. */
export interface StopOrder {
  readonly outcome: "end" | "archive" | "terminate"
  readonly by: string
  readonly reason: string
}

/** `bytes` are base64. Until an `attach` was answered, only `attach` and `status` are. */
export type Request = { readonly id: number } & (
  | { readonly op: "attach"; readonly epoch: number; readonly after: number }
  | { readonly op: "status" }
  | { readonly op: "subscribe" }
  | { readonly op: "write"; readonly writeId: string; readonly bytes: string }
  /** `awaitsGo`: when the text was typed and the pause is over, the holder says `awaits_enter`, and presses Enter at `enter` alone. */
  | {
      readonly op: "submit"
      readonly writeId: string
      readonly bytes: string
      readonly enterAfterMs: number
      readonly awaitsGo?: true
    }
  /**
   * Press Enter for this submission, now or when its text was typed. `mayAsk`: the daemon answers another `awaits_enter`, which the holder
   * sends where this came late. Holders from before it press Enter.
   */
  | { readonly op: "enter"; readonly writeId: string; readonly mayAsk?: true }
  /** Press no Enter for this submission, and type no more of its text. The submission's own reply has the outcome. */
  | { readonly op: "withhold"; readonly writeId: string }
  | { readonly op: "write_outcome"; readonly writeId: string }
  /** What would keep a prompt from being typed now. */
  | { readonly op: "obstacle" }
  | { readonly op: "type"; readonly bytes: string }
  | { readonly op: "resize"; readonly cols: number; readonly rows: number }
  | { readonly op: "signal"; readonly signal: string }
  | { readonly op: "stop"; readonly mode: "stop" | "kill"; readonly order?: StopOrder }
  | { readonly op: "ack_exit" }
)

export type RequestError = "unsupported" | "malformed" | "not_attached" | "stale_epoch" | "not_running" | "not_ended" | "not_written"

export type Reply =
  | {
      readonly type: "reply"
      readonly id: number
      readonly ok: true
      readonly outcome?: WriteOutcome
      readonly enteredAt?: number
      readonly why?: WriteRefusal
      readonly status?: Hello
    }
  | { readonly type: "reply"; readonly id: number; readonly error: RequestError }

export type HolderMessage =
  | Hello
  | Reply
  | { readonly type: "entry"; readonly entry: JournalEntry }
  /** Newest offset of the output files: at most one per turn of the holder's event loop, and none while the last is unsent. */
  | { readonly type: "offset"; readonly offset: number }
  /** The text of a submission was typed. Holders from before it press Enter without a word. */
  | { readonly type: "awaits_enter"; readonly writeId: string }
  /** Another connection attached later; this one is about to be closed. */
  | { readonly type: "superseded" }

/** Null for anything that is no request at all; `unsupported` operations keep their name for the answer. */
export const parseRequest = (line: string): (Request | { readonly id: number; readonly op: "unsupported" | "malformed" }) | null => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (!isRecord(value) || !isCount(value.id) || typeof value.op !== "string") return null
  const { id, op } = value
  const fields = operations.get(op)
  if (fields === undefined) return { id, op: "unsupported" }
  for (const [name, holds] of Object.entries(fields)) if (!holds(value[name])) return { id, op: "malformed" }
  return value as unknown as Request
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown) => typeof value === "string"
const isOrder = (value: unknown) =>
  isRecord(value) && ["end", "archive", "terminate"].includes(value.outcome as string) && isText(value.by) && isText(value.reason)
const isSide = (value: unknown) => isCount(value) && value >= 1 && value <= 1_000

const operations = new Map<string, Readonly<Record<string, (value: unknown) => boolean>>>([
  ["attach", { epoch: isCount, after: isCount }],
  ["status", {}],
  ["subscribe", {}],
  ["write", { writeId: isText, bytes: isText }],
  ["submit", { writeId: isText, bytes: isText, enterAfterMs: (value) => isCount(value) && (value as number) <= 10_000 }],
  ["enter", { writeId: isText }],
  ["withhold", { writeId: isText }],
  ["write_outcome", { writeId: isText }],
  ["obstacle", {}],
  ["type", { bytes: isText }],
  ["resize", { cols: isSide, rows: isSide }],
  ["signal", { signal: (value) => typeof value === "string" && /^SIG[A-Z0-9]+$/.test(value) }],
  ["stop", { mode: (value) => value === "stop" || value === "kill", order: (value) => value === undefined || isOrder(value) }],
  ["ack_exit", {}]
])
