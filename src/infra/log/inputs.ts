/** The recorded inputs of a stream with the moment of each decision: enough to decide again and compare. */
import { Context, type Effect } from "effect"
import type { Moment } from "../../domain/time.ts"
import type { Database } from "./database.ts"
import type { Decision, Page, StoreFailure } from "./event-store.ts"
import type { InputRow } from "./tables.ts"

export interface RecordedInput {
  readonly stream: string
  /** The seq of the first fact it caused. */
  readonly seq: number
  readonly inputId: string
  readonly actor: string
  readonly input: Decision["input"]
  readonly moment: Moment
}

/** For traces and replay; `page.after` is a seq. */
export class InputReader extends Context.Service<
  InputReader,
  { readonly stream: (stream: string, page: Page) => Effect.Effect<ReadonlyArray<RecordedInput>, StoreFailure> }
>()("reprise/infra/InputReader") {}

export const recordedInputs = (database: Database) => {
  const inputs = database.statement<Page & { stream: string }, InputRow & { seq: number }>((tables, arg) =>
    tables
      .selectFrom("events")
      .innerJoin("inputs", "inputs.position", "events.position")
      .selectAll("inputs")
      .select("events.seq")
      .where("events.stream", "=", arg("stream"))
      .where("events.seq", ">", arg("after"))
      .orderBy("events.seq")
      .limit(arg("limit"))
  )
  return (stream: string, { after, limit }: Page): ReadonlyArray<RecordedInput> =>
    inputs.all({ stream, after, limit }).map((row) => ({
      stream: row.stream,
      seq: row.seq,
      inputId: row.input_id,
      actor: row.actor,
      input: JSON.parse(row.data) as Decision["input"],
      moment: JSON.parse(row.moment) as Moment
    }))
}
