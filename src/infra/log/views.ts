/** The list view: one row per session, written with the facts it shows, and rebuilt from nothing but rows when it is doubted. */
import { type Compilable, sql } from "kysely"
import type { Database } from "./database.ts"
import type { ListQuery, SessionRow } from "./event-store.ts"
import { compiler, type SessionsRow } from "./tables.ts"

export interface SessionRows {
  readonly put: (row: SessionsRow) => void
  readonly get: (id: string) => SessionRow | undefined
  readonly live: () => ReadonlyArray<SessionRow>
  readonly list: (query: ListQuery) => ReadonlyArray<SessionRow>
  readonly counts: () => Readonly<Record<string, number>>
  readonly clear: () => void
  /** Ids of the rows that are not what `put` has written: no JSON, or the view of another session. */
  readonly damaged: () => ReadonlyArray<string>
  readonly remove: (id: string) => void
}

export const encodeRow = (row: SessionRow): SessionsRow => ({
  id: row.id,
  seq: row.seq,
  state: row.state,
  live: row.live ? 1 : 0,
  name: row.name,
  labels: JSON.stringify(row.labels),
  created_at: row.createdAt,
  updated_at: row.updatedAt,
  due_boot_id: row.due?.bootId ?? null,
  due_boot_ms: row.due?.bootMs ?? null,
  view: JSON.stringify(row.view)
})

const decodeRow = (row: SessionsRow): SessionRow => ({
  id: row.id,
  seq: row.seq,
  state: row.state,
  live: row.live === 1,
  name: row.name,
  labels: JSON.parse(row.labels) as Readonly<Record<string, string>>,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  ...(row.due_boot_id === null || row.due_boot_ms === null ? {} : { due: { bootId: row.due_boot_id, bootMs: row.due_boot_ms } }),
  view: JSON.parse(row.view) as unknown
})

/**
 * Keyset and not offset: a session created meanwhile moves no client's page. Labels go through `json_each`, where a key is an ordinary
 * bound value; in a JSON path it would have to be quoted, and no quoting holds for every key.
 */
const listQuery = ({ cursor, labels = {}, limit, state }: ListQuery): Compilable<SessionsRow> => {
  let query = compiler.selectFrom("sessions").selectAll()
  if (state !== undefined) query = query.where("state", "in", state.length === 0 ? [""] : [...state])
  if (cursor !== undefined) {
    query = query.where((eb) => eb(eb.refTuple("created_at", "id"), ">", eb.tuple(cursor.createdAt, cursor.id)))
  }
  for (const [key, value] of Object.entries(labels)) {
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom((from) => from.fn<{ key: string; value: string }>("json_each", ["labels"]).as("label"))
          .select("label.key")
          .where("label.key", "=", key)
          .where("label.value", "=", value)
      )
    )
  }
  return query.orderBy("created_at").orderBy("id").limit(limit)
}

const damagedQuery = compiler
  .selectFrom("sessions")
  .select("id")
  .where(
    sql<boolean>`case when json_valid(labels) and json_valid(view)
    then json_type(labels) <> 'object' or coalesce(json_extract(view, '$.id'), '') <> id
    else 1 end`
  )

export const sessionRows = (database: Database): SessionRows => {
  const put = database.statement<SessionsRow, unknown>((tables, arg) =>
    tables
      .insertInto("sessions")
      .values({
        id: arg("id"),
        seq: arg("seq"),
        state: arg("state"),
        live: arg("live"),
        name: arg("name"),
        labels: arg("labels"),
        created_at: arg("created_at"),
        updated_at: arg("updated_at"),
        due_boot_id: arg("due_boot_id"),
        due_boot_ms: arg("due_boot_ms"),
        view: arg("view")
      })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((eb) => ({
          seq: eb.ref("excluded.seq"),
          state: eb.ref("excluded.state"),
          live: eb.ref("excluded.live"),
          name: eb.ref("excluded.name"),
          labels: eb.ref("excluded.labels"),
          updated_at: eb.ref("excluded.updated_at"),
          due_boot_id: eb.ref("excluded.due_boot_id"),
          due_boot_ms: eb.ref("excluded.due_boot_ms"),
          view: eb.ref("excluded.view")
        }))
      )
  )
  const get = database.statement<{ id: string }, SessionsRow>((tables, arg) =>
    tables.selectFrom("sessions").selectAll().where("id", "=", arg("id"))
  )
  const live = database.statement<object, SessionsRow>((tables) =>
    tables
      .selectFrom("sessions")
      .selectAll()
      .where("live", "=", (eb) => eb.lit(1))
      .orderBy("id")
  )
  const counts = database.statement<object, { state: string; sessions: number }>((tables) =>
    tables
      .selectFrom("sessions")
      .select((eb) => ["state", eb.fn.countAll<number>().as("sessions")])
      .groupBy("state")
  )
  return {
    put: (row) => void put.run(row),
    get: (id) => {
      const row = get.get({ id })
      return row && decodeRow(row)
    },
    live: () => live.all({}).map(decodeRow),
    list: (query) => database.query(listQuery(query)).map(decodeRow),
    counts: () => Object.fromEntries(counts.all({}).map(({ sessions, state }) => [state, sessions])),
    clear: () => void database.query(compiler.deleteFrom("sessions")),
    damaged: () => database.query(damagedQuery).map(({ id }) => id),
    remove: (id) => void database.query(compiler.deleteFrom("sessions").where("id", "=", id))
  }
}
