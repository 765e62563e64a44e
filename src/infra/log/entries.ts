/** Rows of the log as they were written: a row that cannot be parsed is still handed on, and concerns its own stream alone. */
import type { Database } from "./database.ts"
import type { Entry, Page } from "./event-store.ts"
import type { EventRow } from "./tables.ts"

export interface Entries {
  readonly stream: (stream: string, page: Page) => Array<Entry>
  readonly ofType: (stream: string, prefix: string, page: Page & { readonly naming?: string }) => Array<Entry>
  readonly all: (page: Page) => Array<Entry>
  /** The newest position, 0 when there is none. */
  readonly head: () => number
}

/** Under this name the payload of a damaged row is passed on: no fact has such a field, so decoding names the fact and refuses it. */
const unreadable = "$unreadable"

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : { [unreadable]: text }
  } catch (cause) {
    return { [unreadable]: (cause as SyntaxError).message }
  }
}

const decode = (row: EventRow): Entry => ({
  position: row.position,
  stream: row.stream,
  seq: row.seq,
  eventId: row.event_id,
  generation: row.generation,
  inputId: row.input_id,
  writerEpoch: row.writer_epoch,
  wallMs: row.wall_ms,
  bootMs: row.boot_ms,
  bootId: row.boot_id,
  actor: row.actor,
  type: row.type,
  schemaVersion: row.schema_version,
  data: parse(row.data),
  stateHash: Buffer.from(row.state_hash).toString("hex")
})

export const makeEntries = (database: Database): Entries => {
  const stream = database.statement<Page & { stream: string }, EventRow>((tables, arg) =>
    tables
      .selectFrom("events")
      .selectAll()
      .where("stream", "=", arg("stream"))
      .where("seq", ">", arg("after"))
      .orderBy("seq")
      .limit(arg("limit"))
  )
  const ofType = database.statement<Page & { stream: string; from: string; below: string; naming: string }, EventRow>((tables, arg) =>
    tables
      .selectFrom("events")
      .selectAll()
      .where("stream", "=", arg("stream"))
      .where("seq", ">", arg("after"))
      .where("type", ">=", arg("from"))
      .where("type", "<", arg("below"))
      .where(({ eb, fn, ref }) => eb(fn<number>("instr", [ref("data"), eb.val(arg("naming"))]), ">", 0))
      .orderBy("seq")
      .limit(arg("limit"))
  )
  const all = database.statement<Page, EventRow>((tables, arg) =>
    tables.selectFrom("events").selectAll().where("position", ">", arg("after")).orderBy("position").limit(arg("limit"))
  )
  const head = database.statement<object, { position: number }>((tables) =>
    tables.selectFrom("events").select("position").orderBy("position", "desc").limit(1)
  )
  return {
    stream: (name, { after, limit }) => stream.all({ stream: name, after, limit }).map(decode),
    // Types are words of ASCII letters: what begins with the prefix lies between it and the prefix with a tilde.
    ofType: (name, prefix, { after, limit, naming = "" }) =>
      ofType.all({ stream: name, from: prefix, below: `${prefix}~`, naming, after, limit }).map(decode),
    all: (page) => all.all(page).map(decode),
    head: () => head.get({})?.position ?? 0
  }
}
