/** The shape of the log over time: numbered steps, each applied once, in a transaction of its own, recorded beside what it made. */
import { type Compilable, type Kysely, sql } from "kysely"
import { crashPoint } from "../crash-points.ts"
import type { Database } from "./database.ts"
import { NewerLog } from "./open-errors.ts"
import { compiler, type Tables } from "./tables.ts"

export interface Migration {
  readonly name: string
  readonly steps: (tables: Kysely<Tables>) => ReadonlyArray<Compilable>
}

/** Never edited once released: what a table should be from now on is another entry at the end. */
export const migrations: ReadonlyArray<Migration> = [
  {
    name: "the log, its inputs, and what is derived from it",
    steps: ({ schema }) => [
      schema
        .createTable("events")
        // AUTOINCREMENT: without it SQLite gives the position of a deleted last row to the next one.
        .addColumn("position", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("stream", "text", (column) => column.notNull())
        .addColumn("seq", "integer", (column) => column.notNull().check(sql`seq > 0`))
        .addColumn("event_id", "text", (column) => column.notNull().unique())
        .addColumn("type", "text", (column) => column.notNull())
        .addColumn("schema_version", "integer", (column) => column.notNull())
        .addColumn("generation", "integer", (column) => column.notNull())
        .addColumn("input_id", "text", (column) => column.notNull())
        .addColumn("writer_epoch", "integer", (column) => column.notNull())
        .addColumn("wall_ms", "integer", (column) => column.notNull())
        .addColumn("boot_ms", "integer", (column) => column.notNull())
        .addColumn("boot_id", "text", (column) => column.notNull())
        .addColumn("actor", "text", (column) => column.notNull())
        .addColumn("data", "text", (column) => column.notNull())
        .addColumn("state_hash", "blob", (column) => column.notNull().check(sql`length(state_hash) = 8`))
        .addUniqueConstraint("events_stream_seq", ["stream", "seq"])
        .modifyEnd(sql`strict`),
      schema
        .createTable("inputs")
        // Keyed like the facts it caused, and by nothing else: inputs of a hundred streams land on the same few pages.
        .addColumn("position", "integer", (column) => column.primaryKey())
        .addColumn("input_id", "text", (column) => column.notNull())
        .addColumn("stream", "text", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("actor", "text", (column) => column.notNull())
        .addColumn("data", "text", (column) => column.notNull())
        .addColumn("moment", "text", (column) => column.notNull())
        .addColumn("at", "integer", (column) => column.notNull())
        .modifyEnd(sql`strict`),
      schema
        .createTable("idempotency")
        .addColumn("scope", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("request_hash", "text", (column) => column.notNull())
        .addColumn("response", "text", (column) => column.notNull())
        .addColumn("at", "integer", (column) => column.notNull())
        .addPrimaryKeyConstraint("idempotency_scope_key", ["scope", "key"])
        .modifyEnd(sql`strict, without rowid`),
      schema
        .createTable("checkpoints")
        .addColumn("stream", "text", (column) => column.notNull().primaryKey())
        .addColumn("seq", "integer", (column) => column.notNull())
        .addColumn("format", "integer", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .modifyEnd(sql`strict`),
      schema
        .createTable("sessions")
        .addColumn("id", "text", (column) => column.notNull().primaryKey())
        .addColumn("seq", "integer", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("live", "integer", (column) => column.notNull())
        .addColumn("name", "text")
        .addColumn("labels", "text", (column) => column.notNull())
        .addColumn("created_at", "integer", (column) => column.notNull())
        .addColumn("updated_at", "integer", (column) => column.notNull())
        .addColumn("view", "text", (column) => column.notNull())
        .modifyEnd(sql`strict`),
      schema.createIndex("sessions_by_creation").on("sessions").columns(["created_at", "id"]),
      schema.createIndex("sessions_by_state").on("sessions").column("state"),
      schema.createIndex("sessions_live").on("sessions").column("id").where(sql.ref("live"), "=", sql.lit(1)),
      schema
        .createTable("quarantine")
        .addColumn("stream", "text", (column) => column.notNull().primaryKey())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("at", "integer", (column) => column.notNull())
        .modifyEnd(sql`strict`),
      schema
        .createTable("meta")
        .addColumn("name", "text", (column) => column.notNull().primaryKey())
        .addColumn("value", sql`any`, (column) => column.notNull())
        .modifyEnd(sql`strict`)
    ]
  },
  {
    name: "checkpoints of the past, so that no moment of a long session is far from one",
    steps: ({ schema }) => [
      schema
        .createTable("milestones")
        .addColumn("stream", "text", (column) => column.notNull())
        .addColumn("block", "integer", (column) => column.notNull())
        .addColumn("seq", "integer", (column) => column.notNull())
        .addColumn("format", "integer", (column) => column.notNull())
        .addColumn("earliest_ms", "integer", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("milestones_stream_block", ["stream", "block"])
        .modifyEnd(sql`strict, without rowid`)
    ]
  },
  {
    name: "the next deadline of each session, so that a start does not fold those that only wait",
    steps: ({ schema }) => [
      schema.alterTable("sessions").addColumn("due_boot_id", "text"),
      schema.alterTable("sessions").addColumn("due_boot_ms", "integer")
    ]
  }
]

/** Brings the file up to the newest of `known`; refuses one that is ahead of it before anything is written. */
export const migrate = (database: Database, at: number, known = migrations) => {
  database.query(
    compiler.schema
      .createTable("migrations")
      .ifNotExists()
      .addColumn("number", "integer", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("at", "integer", (column) => column.notNull())
      .modifyEnd(sql`strict`)
  )
  const newest = compiler.selectFrom("migrations").select((eb) => eb.fn.coalesce(eb.fn.max("number"), sql<number>`0`).as("number"))
  const applied = database.query(newest)[0]!.number
  if (applied > known.length) throw new NewerLog({ path: database.path, found: applied, known: known.length })
  known.slice(applied).forEach(({ name, steps }, index) => {
    const number = applied + index + 1
    database.immediate(() => {
      for (const step of steps(compiler)) {
        database.query(step)
        crashPoint("migration.step")
      }
      database.query(compiler.insertInto("migrations").values({ number, name, at }))
    })
  })
}
