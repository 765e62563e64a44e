/** A trace: one session as a text file that decides itself again anywhere. A JSON object a line, and each line sealed to the one before it. */
import { Schema } from "effect"
import { SessionId } from "../ids.ts"
import { Input } from "../inputs.ts"
import { Moment } from "../time.ts"

/** Grows when a reader of the older format would misread what is written. */
export const traceFormat = 2

/** What no trace holds, in the words in which it says so. */
export const alwaysLeftOut = ["typed input (its length is kept)", "values of environment variables (a keyed hash is kept)"] as const
export const textsLeftOut = "texts of prompts (length and SHA-256 are kept)"
export const outputLeftOut = "output (offsets are kept)"

/** The first line. */
export const TraceHeader = Schema.Struct({
  type: Schema.tag("header"),
  format: Schema.Literal(traceFormat),
  session: SessionId,
  provider: Schema.String,
  /** What was recorded, for people. */
  title: Schema.NullOr(Schema.String),
  /** The program that wrote the trace, and where. The effects and states in it are those of this version. */
  versions: Schema.Struct({ reprise: Schema.String, node: Schema.String }),
  platform: Schema.String,
  exportedAt: Schema.String,
  /** What was left out, for people. */
  redactions: Schema.Array(Schema.String)
})
export type TraceHeader = typeof TraceHeader.Type

/** An object, and what is in it is left as it is. */
const Fields = Schema.declare(
  (value): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value)
)

/** A row of the log. */
export const TraceFact = Schema.Struct({
  seq: Schema.Int,
  type: Schema.String,
  schemaVersion: Schema.Int,
  wallMs: Schema.Int,
  data: Fields,
  stateHash: Schema.String
})
export type TraceFact = typeof TraceFact.Type

/** An input that caused facts, with everything its decision could know, and what came of it. */
export const TraceStep = Schema.Struct({
  type: Schema.tag("step"),
  input: Schema.Union([Input, Schema.Struct({ type: Schema.Literal("Create") })]),
  moment: Moment,
  /** Counts the daemons of the home: where it grows, one ended and another began. */
  epoch: Schema.Int,
  facts: Schema.NonEmptyArray(TraceFact),
  /** What the facts obliged to; null where the writer of the trace could not fold the session to the recorded state. */
  effects: Schema.NullOr(Schema.Array(Fields)),
  /** The parts of the state that are other than before; null likewise. A part that went away is null. */
  state: Schema.NullOr(Schema.Struct({ value: Schema.optionalKey(Schema.Unknown), context: Fields }))
})
export type TraceStep = typeof TraceStep.Type

/** Bytes as they came from the terminal, base64; `from` is their offset. */
export const TraceOutput = Schema.Struct({
  type: Schema.tag("output"),
  wallMs: Schema.Int,
  from: Schema.Int,
  bytes: Schema.String
})
export const TraceResize = Schema.Struct({
  type: Schema.tag("resize"),
  wallMs: Schema.Int,
  from: Schema.Int,
  cols: Schema.Int,
  rows: Schema.Int
})
/** Output that is kept no longer. */
export const TraceGap = Schema.Struct({ type: Schema.tag("gap"), from: Schema.Int, to: Schema.Int })
/** The text of a prompt, under the hash that the facts know it by. */
export const TraceText = Schema.Struct({ type: Schema.tag("text"), hash: Schema.String, text: Schema.String })

/** The last line: without it the file is cut off. */
export const TraceEnd = Schema.Struct({ type: Schema.tag("end"), steps: Schema.Int, facts: Schema.Int, outputBytes: Schema.Int })
export type TraceEnd = typeof TraceEnd.Type

export const TraceLine = Schema.Union([TraceHeader, TraceStep, TraceOutput, TraceResize, TraceGap, TraceText, TraceEnd])
export type TraceLine = typeof TraceLine.Type
