/** Old facts, read by today's code: a row is never rewritten; pure functions bring it up to the present version as it is read. */
import { Result, Schema } from "effect"
import { Fact, factTypes } from "./facts.ts"

/** A fact as the log holds it: `data` is the fact without `type` and `at`, which have columns of their own. */
export interface EncodedFact {
  readonly type: string
  readonly schemaVersion: number
  readonly wallMs: number
  readonly data: Readonly<Record<string, unknown>>
}

/** A row that this version cannot read: an unknown type, a newer schema, a broken payload. It concerns its own stream alone. */
export class UnreadableFact extends Schema.TaggedError<UnreadableFact>()("UnreadableFact", {
  factType: Schema.String,
  schemaVersion: Schema.Int,
  reason: Schema.String
}) {}

type Step = (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/** For each fact type, the steps from version 1 to 2, from 2 to 3, …: the present version is one more than their number. */
const upcasters: Readonly<Record<string, ReadonlyArray<Step>>> = {}

const presentVersion = (type: string, steps = upcasters) => 1 + (steps[type]?.length ?? 0)

const encode = Schema.encodeSync(Fact)
/** A field that this version does not know is left out: a later version may add fields to a type and keep its schema version. */
const decode = Schema.decodeUnknownResult(Fact)

export const encodeFact = (fact: Fact): EncodedFact => {
  const { at, type, ...data } = encode(fact)
  return { type, schemaVersion: presentVersion(type), wallMs: at, data }
}

/** `steps` is a parameter for the tests of the mechanism itself. */
export const decodeFact = (row: EncodedFact, steps = upcasters): Result.Result<Fact, UnreadableFact> => {
  const unreadable = (reason: string) => Result.fail(new UnreadableFact({ factType: row.type, schemaVersion: row.schemaVersion, reason }))
  if (!factTypes.has(row.type)) return unreadable("this version does not know the type")
  if (row.schemaVersion > presentVersion(row.type, steps)) return unreadable("written by a newer version")
  const data = (steps[row.type] ?? []).slice(row.schemaVersion - 1).reduce((older, step) => step(older), row.data)
  return Result.mapError(
    decode({ ...data, type: row.type, at: row.wallMs }),
    (error) => new UnreadableFact({ factType: row.type, schemaVersion: row.schemaVersion, reason: error.message })
  )
}
