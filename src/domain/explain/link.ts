/** One step of an explanation: a sentence for people, and what it speaks of for programs. */
import { Schema } from "effect"

const sentence = Schema.String
/** ISO 8601, UTC. */
const at = Schema.String
const Fields = Schema.Record(Schema.String, Schema.Unknown)

/** Where an explanation ends: what happened outside the log. */
export const OriginSource = Schema.Literals(["request", "output", "agent", "process", "holder", "machine", "daemon", "policy"])

export const Link = Schema.Union([
  Schema.Struct({ kind: Schema.tag("fact"), seq: Schema.Int, type: Schema.String, at, offset: Schema.Int, sentence }),
  /** What the fact was decided on. `by` is the client or component that is recorded as its cause, `input` all that was recorded of it. */
  Schema.Struct({ kind: Schema.tag("input"), inputId: Schema.String, type: Schema.String, by: Schema.String, at, input: Fields, sentence }),
  /** What the daemon had to do, and which fact obliged it: found by applying that fact again. */
  Schema.Struct({ kind: Schema.tag("effect"), type: Schema.String, owedBy: Schema.Int, effect: Fields, sentence }),
  Schema.Struct({ kind: Schema.tag("deadline"), name: Schema.String, due: at, setBy: Schema.NullOr(Schema.Int), sentence }),
  /** What came before in the session, without which it would not have happened. */
  Schema.Struct({ kind: Schema.tag("after"), seq: Schema.Int, sentence }),
  /** `offset`: the end of the bytes that said so, where it was output. */
  Schema.Struct({ kind: Schema.tag("origin"), source: OriginSource, offset: Schema.NullOr(Schema.Int), sentence }),
  Schema.Struct({ kind: Schema.tag("cannot_tell"), sentence })
]).pipe(Schema.toTaggedUnion("kind"))
export type Link = typeof Link.Type
