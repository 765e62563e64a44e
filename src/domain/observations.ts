/** What a source of evidence reports of an agent: one vocabulary for hooks, transcripts, status files, terminal sequences and screens. */
import { Schema } from "effect"
import { Activity } from "./activity.ts"

/** What a person must answer before the agent goes on. `text`: empty where the source has none; `choices`: what it offers, in its own order and words; empty where it does not say. */
export const Question = Schema.Struct({
  kind: Schema.Literals(["permission", "input", "trust", "login"]),
  text: Schema.String,
  choices: Schema.Array(Schema.String)
})
export type Question = typeof Question.Type

/** Tokens of one model call, or of several together. */
export const Usage = Schema.Struct({
  inputTokens: Schema.Int,
  outputTokens: Schema.Int,
  cacheReadTokens: Schema.Int,
  cacheWriteTokens: Schema.Int
})
export type Usage = typeof Usage.Type

/** A model call as far as it is counted: agents report one call several times, and the last report is what it used. */
export const CountedCall = Schema.Struct({ id: Schema.String, usage: Usage })
export type CountedCall = typeof CountedCall.Type

export const Observation = Schema.Union([
  Schema.Struct({ type: Schema.tag("Activity"), activity: Activity, question: Schema.NullOr(Question) }),
  /** The provider's own name for what is talked about, and the file it is written to where the agent says. */
  Schema.Struct({ type: Schema.tag("Conversation"), id: Schema.String, transcript: Schema.NullOr(Schema.String) }),
  /** The agent took up a prompt; `text` where it repeats it, to distinguish a prompt of the daemon from a text that a person typed. */
  Schema.Struct({ type: Schema.tag("PromptTaken"), text: Schema.NullOr(Schema.String) }),
  Schema.Struct({ type: Schema.tag("TurnEnded"), outcome: Schema.Literals(["completed", "interrupted", "failed"]), detail: Schema.String }),
  /** `call`: the model call's own name. Some agents report one call several times: it counts once, by its last report. */
  Schema.Struct({ type: Schema.tag("Used"), call: Schema.NullOr(Schema.String), model: Schema.NullOr(Schema.String), usage: Usage }),
  /** The agent cannot work: its user is not logged in, or the provider of its model refuses for now (`until`: epoch milliseconds, where it says). */
  Schema.Struct({
    type: Schema.tag("Blocked"),
    cause: Schema.Literals(["auth", "rate_limited"]),
    until: Schema.NullOr(Schema.Int),
    detail: Schema.String
  }),
  /** Well-formed, and of a kind that this version does not know: an alarm that the agent has changed. */
  Schema.Struct({ type: Schema.tag("Unknown"), kind: Schema.String, raw: Schema.String })
]).pipe(Schema.toTaggedUnion("type"))
export type Observation = typeof Observation.Type
