/** What is durable, read past every part of ours: the rows of the file itself, folded as they come, and every older row looked at again. */
import { createHash } from "node:crypto"
import Sqlite from "better-sqlite3"
import { Result } from "effect"
import type { Fact } from "../../src/domain/facts.ts"
import type { Input } from "../../src/domain/inputs.ts"
import { apply, canonical, open, type Session } from "../../src/domain/session.ts"
import type { Moment } from "../../src/domain/time.ts"
import { decodeFact } from "../../src/domain/upcast.ts"

export interface Row {
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
  readonly state_hash: Buffer
}

export interface RecordedFact {
  readonly row: Row
  readonly fact: Fact
  readonly before: Session | null
  readonly after: Session
  /** The first fact of its decision, and the input that the decision was made on. */
  readonly first: boolean
  readonly input: Input | { readonly type: "Create" }
  readonly moment: Moment
}

export interface Stream {
  readonly id: string
  readonly facts: Array<RecordedFact>
  session: Session
  seq: number
  /** Why it cannot be folded: from here on no rule judges it. */
  poisoned: string | null
}

export interface TruthWatch {
  readonly row: (row: Row, before: Row | null) => void
  readonly fact: (stream: Stream, recorded: RecordedFact) => void
  readonly unfoldable: (stream: string, reason: string) => void
}

export class Truth {
  readonly #path: string
  readonly #watch: TruthWatch
  #handle: Sqlite.Database | null = null
  #newRows: Sqlite.Statement | null = null
  readonly rows: Array<Row> = []
  readonly streams = new Map<string, Stream>()
  /** Per input id, how many facts it has. */
  readonly decisions = new Map<string, number>()
  readonly #digest = createHash("sha256")

  constructor(path: string, watch: TruthWatch) {
    this.#path = path
    this.#watch = watch
  }

  #database(): Sqlite.Database | null {
    if (this.#handle !== null) return this.#handle
    try {
      this.#handle = new Sqlite(this.#path, { readonly: true, fileMustExist: true })
      this.#newRows = this.#handle.prepare("select * from events where position > ? order by position")
    } catch {
      // Not made yet: nothing is durable.
      this.#handle?.close()
      this.#handle = null
    }
    return this.#handle
  }
  close(): void {
    this.#handle?.close()
    this.#handle = null
  }

  /** Everything that has become durable since the last look. */
  look(): void {
    const database = this.#database()
    if (database === null) return
    const fresh = this.#newRows!.all(this.rows.at(-1)?.position ?? 0) as Array<Row>
    if (fresh.length === 0) return
    const inputs = new Map(
      (
        database.prepare("select input_id, data, moment from inputs where position >= ?").all(fresh[0]!.position) as Array<{
          input_id: string
          data: string
          moment: string
        }>
      ).map(({ data, input_id, moment }) => [input_id, { input: JSON.parse(data) as Input, moment: JSON.parse(moment) as Moment }])
    )
    for (const row of fresh) {
      this.#watch.row(row, this.rows.at(-1) ?? null)
      this.rows.push(row)
      this.#digest.update(`${row.position} ${row.stream} ${row.seq} ${row.type} ${row.state_hash.toString("hex")}\n`)
      this.decisions.set(row.input_id, (this.decisions.get(row.input_id) ?? 0) + 1)
      this.#fold(row, inputs.get(row.input_id))
    }
  }

  #fold(row: Row, recorded: { readonly input: Input; readonly moment: Moment } | undefined): void {
    const stream = this.streams.get(row.stream)
    if (stream?.poisoned !== undefined && stream.poisoned !== null) return
    const fact = decodeFact({ type: row.type, schemaVersion: row.schema_version, wallMs: row.wall_ms, data: JSON.parse(row.data) })
    if (Result.isFailure(fact) || recorded === undefined) {
      if (stream !== undefined) stream.poisoned = Result.isFailure(fact) ? fact.failure.reason : "no input"
      this.#watch.unfoldable(row.stream, Result.isFailure(fact) ? fact.failure.reason : "no input")
      return
    }
    if (stream === undefined) {
      if (fact.success.type !== "SessionCreated") {
        this.#watch.unfoldable(row.stream, "does not begin with SessionCreated")
        return
      }
      const session = open(fact.success)[0]
      const begun: Stream = { id: row.stream, facts: [], session, seq: 1, poisoned: null }
      this.streams.set(row.stream, begun)
      this.#add(begun, { row, fact: fact.success, before: null, after: session, first: true, ...recorded })
      return
    }
    const before = stream.session
    stream.session = apply(before, fact.success)[0]
    stream.seq = row.seq
    const first = stream.facts.at(-1)?.row.input_id !== row.input_id
    this.#add(stream, { row, fact: fact.success, before, after: stream.session, first, ...recorded })
  }
  #add(stream: Stream, recorded: RecordedFact): void {
    stream.facts.push(recorded)
    this.#watch.fact(stream, recorded)
  }

  /** What the whole file says now, as text, for a comparison with what was seen when it came. */
  reread(): { readonly then: string; readonly now: string; readonly rows: number } {
    this.look()
    const line = (row: Row) =>
      `${row.position} ${row.stream} ${row.seq} ${row.event_id} ${row.type} ${row.writer_epoch} ${row.data} ${row.state_hash.toString("hex")}`
    const now = (this.#database()?.prepare("select * from events order by position").all() ?? []) as Array<Row>
    return { then: this.rows.map(line).join("\n"), now: now.map(line).join("\n"), rows: now.length }
  }

  /** One word for the whole history. */
  get hash(): string {
    return this.#digest.copy().digest("hex").slice(0, 16)
  }

  facts(stream: string): ReadonlyArray<RecordedFact> {
    return this.streams.get(stream)?.facts ?? []
  }
  has(stream: string, wanted: (fact: Fact) => boolean): boolean {
    return this.facts(stream).some(({ fact }) => wanted(fact))
  }
}

/** 16 hexadecimal digits over a state: computed here again, on purpose. */
export const hashOf = (session: Session): string => createHash("sha256").update(canonical(session)).digest("hex").slice(0, 16)
