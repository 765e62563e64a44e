/** Writes one decision inside the caller's transaction: its facts, input, idempotency key, checkpoint and list row, or nothing of it. */
import { limits } from "../../domain/limits.ts"
import type { Database } from "./database.ts"
import { AlreadyDone, type Appended, type Checkpoint, type Decision, type IdempotencyEntry, VersionConflict } from "./event-store.ts"
import type { MilestoneTable } from "./milestones.ts"
import type { EventRow, InputRow } from "./tables.ts"
import { encodeRow, sessionRows } from "./views.ts"

/** A decision as the tables take it: everything is turned to text once, before any transaction. */
export interface Prepared {
  readonly decision: Decision
  readonly events: ReadonlyArray<Omit<EventRow, "position">>
  readonly input: Omit<InputRow, "position">
  readonly row: ReturnType<typeof encodeRow>
}

export type Written = Appended | VersionConflict | AlreadyDone

export interface DecisionWriter {
  /** A conflict or a used key is an answer, not an exception: it concerns this decision alone. */
  readonly write: (prepared: Prepared) => Written
  /** Where the decision stands in the log, or nothing: what a commit of unknown outcome is judged by. */
  readonly lookUp: (prepared: Prepared) => Appended | undefined
  /** `now`: epoch milliseconds, by which an old key is new again. */
  readonly idempotent: (scope: string, key: string, now: number) => IdempotencyEntry | undefined
  readonly checkpoint: (stream: string) => Checkpoint | undefined
  readonly saveCheckpoint: (stream: string, checkpoint: Checkpoint) => void
}

export const eventIdOf = (inputId: string, n: number) => `${inputId}.${n}`

/** Throws on a decision that contradicts itself: a bug of its maker, found before it is in the log for good. */
export const prepare = (decision: Decision, writerEpoch: number): Prepared => {
  const { actor, expected, facts, generation, input, inputId, moment, row, stream } = decision
  if (facts.length === 0) throw new Error(`${inputId}: a decision without facts has nothing to append`)
  if (row.id !== stream || row.seq !== expected + facts.length) {
    throw new Error(`${inputId}: the row says ${row.id}@${row.seq}, the facts end at ${stream}@${expected + facts.length}`)
  }
  return {
    decision,
    events: facts.map((fact, index) => ({
      stream,
      seq: expected + index + 1,
      event_id: eventIdOf(inputId, index + 1),
      type: fact.type,
      schema_version: fact.schemaVersion,
      generation,
      input_id: inputId,
      writer_epoch: writerEpoch,
      wall_ms: fact.wallMs,
      boot_ms: moment.bootMs,
      boot_id: moment.bootId,
      actor,
      data: JSON.stringify(fact.data),
      state_hash: Buffer.from(fact.stateHash, "hex")
    })),
    input: {
      input_id: inputId,
      stream,
      kind: input.type,
      actor,
      data: JSON.stringify(input),
      moment: JSON.stringify(moment),
      at: moment.wallMs
    },
    row: encodeRow(row)
  }
}

export const makeDecisionWriter = (database: Database, milestones: MilestoneTable): DecisionWriter => {
  const rows = sessionRows(database)
  const head = database.statement<{ stream: string }, { seq: number }>((tables, arg) =>
    tables.selectFrom("events").select("seq").where("stream", "=", arg("stream")).orderBy("seq", "desc").limit(1)
  )
  const place = database.statement<{ event_id: string }, Appended>((tables, arg) =>
    tables.selectFrom("events").select(["seq", "position"]).where("event_id", "=", arg("event_id"))
  )
  const insertEvent = database.statement<Omit<EventRow, "position">, unknown>((tables, arg) =>
    tables.insertInto("events").values({
      stream: arg("stream"),
      seq: arg("seq"),
      event_id: arg("event_id"),
      type: arg("type"),
      schema_version: arg("schema_version"),
      generation: arg("generation"),
      input_id: arg("input_id"),
      writer_epoch: arg("writer_epoch"),
      wall_ms: arg("wall_ms"),
      boot_ms: arg("boot_ms"),
      boot_id: arg("boot_id"),
      actor: arg("actor"),
      data: arg("data"),
      state_hash: arg("state_hash")
    })
  )
  const insertInput = database.statement<InputRow, unknown>((tables, arg) =>
    tables.insertInto("inputs").values({
      position: arg("position"),
      input_id: arg("input_id"),
      stream: arg("stream"),
      kind: arg("kind"),
      actor: arg("actor"),
      data: arg("data"),
      moment: arg("moment"),
      at: arg("at")
    })
  )
  const keyAsked = database.statement<{ scope: string; key: string; since: number }, { request_hash: string; response: string }>(
    (tables, arg) =>
      tables
        .selectFrom("idempotency")
        .select(["request_hash", "response"])
        .where("scope", "=", arg("scope"))
        .where("key", "=", arg("key"))
        .where("at", ">=", arg("since"))
  )
  /** A key is honoured for `limits.idempotencyMs`; one that is older is new. */
  const keyUsed = ({ key, scope }: { readonly scope: string; readonly key: string }, now: number) =>
    keyAsked.get({ scope, key, since: now - limits.idempotencyMs })
  const useKey = database.statement<IdempotencyEntry & { at: number }, unknown>((tables, arg) =>
    tables
      .insertInto("idempotency")
      .values({ scope: arg("scope"), key: arg("key"), request_hash: arg("requestHash"), response: arg("response"), at: arg("at") })
      .onConflict((conflict) =>
        conflict.columns(["scope", "key"]).doUpdateSet((eb) => ({
          request_hash: eb.ref("excluded.request_hash"),
          response: eb.ref("excluded.response"),
          at: eb.ref("excluded.at")
        }))
      )
  )
  const newestCheckpoint = database.statement<{ stream: string }, Checkpoint>((tables, arg) =>
    tables.selectFrom("checkpoints").select(["seq", "format", "state"]).where("stream", "=", arg("stream"))
  )
  const putCheckpoint = database.statement<Checkpoint & { stream: string }, unknown>((tables, arg) =>
    tables
      .insertInto("checkpoints")
      .values({ stream: arg("stream"), seq: arg("seq"), format: arg("format"), state: arg("state") })
      .onConflict((conflict) =>
        conflict
          .column("stream")
          .doUpdateSet((eb) => ({ seq: eb.ref("excluded.seq"), format: eb.ref("excluded.format"), state: eb.ref("excluded.state") }))
      )
  )
  const saveCheckpoint = (stream: string, { format, seq, state }: Checkpoint) => void putCheckpoint.run({ stream, seq, format, state })

  return {
    write: ({ decision, events, input, row }) => {
      const { checkpoint, expected, idempotency, stream } = decision
      if (idempotency !== undefined) {
        const used = keyUsed(idempotency, decision.moment.wallMs)
        if (used !== undefined) return new AlreadyDone({ requestHash: used.request_hash, response: used.response })
      }
      const actual = head.get({ stream })?.seq ?? 0
      if (actual !== expected) return new VersionConflict({ stream, expected, actual })
      let position = 0
      for (const event of events) position = insertEvent.run(event).lastInsertRowid
      insertInput.run({ ...input, position: position - events.length + 1 })
      if (idempotency !== undefined) useKey.run({ ...idempotency, at: decision.moment.wallMs })
      if (checkpoint !== undefined) {
        saveCheckpoint(stream, checkpoint)
        milestones.keep(stream, checkpoint)
      }
      rows.put(row)
      return { seq: expected + events.length, position }
    },
    lookUp: ({ events }) => place.get(events.at(-1)!),
    idempotent: (scope, key, now) => {
      const used = keyUsed({ scope, key }, now)
      return used && { scope, key, requestHash: used.request_hash, response: used.response }
    },
    checkpoint: (stream) => newestCheckpoint.get({ stream }),
    saveCheckpoint
  }
}
