/** The tables of the log as Kysely knows them: one row type per table, column names as they stand in the file. */
import { DummyDriver, type Generated, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely"

export interface EventRow {
  readonly position: number
  readonly stream: string
  readonly seq: number
  readonly event_id: string
  readonly type: string
  readonly schema_version: number
  readonly generation: number
  readonly input_id: string
  readonly writer_epoch: number
  readonly wall_ms: number
  readonly boot_ms: number
  readonly boot_id: string
  readonly actor: string
  readonly data: string
  readonly state_hash: Uint8Array
}

export interface InputRow {
  /** The position of the first fact it caused: an input and its facts share a place in the log. */
  readonly position: number
  readonly input_id: string
  readonly stream: string
  readonly kind: string
  readonly actor: string
  readonly data: string
  /** The whole moment as JSON: what a second run of the decision needs to come to the same facts. */
  readonly moment: string
  readonly at: number
}

export interface SessionsRow {
  readonly id: string
  readonly seq: number
  readonly state: string
  readonly live: number
  readonly name: string | null
  readonly labels: string
  readonly created_at: number
  readonly updated_at: number
  /** Null also in the rows of a version that did not keep it. */
  readonly due_boot_id: string | null
  readonly due_boot_ms: number | null
  readonly view: string
}

export interface MilestoneRow {
  readonly stream: string
  /** Which run of `limits.factsPerMilestone` facts it lies in: one for each. */
  readonly block: number
  readonly seq: number
  readonly format: number
  /** The earliest time of any fact since the milestone before it, or of more facts than those: a search by time passes over what is later. */
  readonly earliest_ms: number
  readonly state: string
}

export interface Tables {
  events: Omit<EventRow, "position"> & { position: Generated<number> }
  inputs: InputRow
  idempotency: { scope: string; key: string; request_hash: string; response: string; at: number }
  checkpoints: { stream: string; seq: number; format: number; state: string }
  milestones: MilestoneRow
  sessions: SessionsRow
  quarantine: { stream: string; reason: string; at: number }
  meta: { name: string; value: number | string }
  migrations: { number: number; name: string; at: number }
}

/** Kysely as a compiler alone: it has no connection, so nothing can be run behind the back of the database module. */
export const compiler = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler()
  }
})
