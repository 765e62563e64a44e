/** The log: append at an expected version, read, follow from a cursor. Nothing is acknowledged that is not durable here. */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { Input } from "../../domain/inputs.ts"
import type { Moment } from "../../domain/time.ts"
import type { EncodedFact } from "../../domain/upcast.ts"

/** One row of the log, as it was written: `decodeFact` of the domain brings it up to the present version of its type. */
export interface Entry {
  /** Across the log: strictly increasing, never reused. */
  readonly position: number
  readonly stream: string
  /** Within the stream: 1, 2, 3, … without a gap. */
  readonly seq: number
  readonly eventId: string
  readonly generation: number
  readonly inputId: string
  readonly writerEpoch: number
  readonly wallMs: number
  readonly bootMs: number
  readonly bootId: string
  /** Its cause: `api`, `cli`, `reprise`, a client's own name. */
  readonly actor: string
  readonly type: string
  readonly schemaVersion: number
  /** The fact's own fields, without `type` and `at` (which is `wallMs`). */
  readonly data: Readonly<Record<string, unknown>>
  /** 16 hexadecimal digits over the canonical state after this fact. */
  readonly stateHash: string
}

/** The row of the list view: what lists, filters and start-up need without folding a stream. */
export interface SessionRow {
  readonly id: string
  readonly seq: number
  readonly state: string
  /** Whether start-up has work with it: a process may live, a launch is under way, or a deadline is pending. */
  readonly live: boolean
  readonly name: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly updatedAt: number
  /** When its earliest deadline is due, on the clock of that boot; absent where none is pending. */
  readonly due?: { readonly bootId: string; readonly bootMs: number }
  /** The public view as the API answers it. */
  readonly view: unknown
}

/** One decision: its input, its facts and everything that becomes true with them, in one transaction or not at all. */
export interface Decision {
  readonly stream: string
  /** The stream's newest seq before this decision; 0 for a new stream. */
  readonly expected: number
  readonly inputId: string
  /** `Create` is the input of a first fact. */
  readonly input: Input | { readonly type: "Create" }
  readonly actor: string
  readonly moment: Moment
  readonly generation: number
  /** Never empty. */
  readonly facts: ReadonlyArray<EncodedFact & { readonly stateHash: string }>
  readonly row: SessionRow
  readonly checkpoint?: Checkpoint
  readonly idempotency?: IdempotencyEntry
}

/** A fold so far, as text. Disposable: deleting every checkpoint changes nothing but the time a fold takes. */
export interface Checkpoint {
  readonly seq: number
  readonly format: number
  readonly state: string
}

export interface IdempotencyEntry {
  readonly scope: string
  readonly key: string
  readonly requestHash: string
  /** What a repeat of the request is answered with, as text. */
  readonly response: string
}

export interface Appended {
  readonly seq: number
  /** Position of the last fact. */
  readonly position: number
}

/** Another writer wrote to the stream: with one writer per stream this is a bug or a lost epoch. */
export class VersionConflict extends Schema.TaggedError<VersionConflict>()("VersionConflict", {
  stream: Schema.String,
  expected: Schema.Int,
  actual: Schema.Int
}) {}
/** A newer daemon has taken the home over. Nothing was written; this one must end. */
export class EpochFenced extends Schema.TaggedError<EpochFenced>()("EpochFenced", { ours: Schema.Int, current: Schema.Int }) {}
/** The key was used before; nothing was written. `response` is what was answered then. */
export class AlreadyDone extends Schema.TaggedError<AlreadyDone>()("AlreadyDone", {
  requestHash: Schema.String,
  response: Schema.String
}) {}
/** The world said no. `outcome: "absent"`: proven not written. `"unknown"`: the daemon must reopen its log before it says more. */
export class StoreFailure extends Schema.TaggedError<StoreFailure>()("StoreFailure", {
  operation: Schema.String,
  code: Schema.String,
  outcome: Schema.Literals(["absent", "unknown"]),
  cause: Schema.Defect()
}) {}
export type AppendError = VersionConflict | EpochFenced | AlreadyDone | StoreFailure

/** Where a reader stands: after this position (or seq); 0 is the beginning. */
export interface Page {
  readonly after: number
  readonly limit: number
}

export interface ListQuery {
  readonly state?: ReadonlyArray<string>
  /** All of them must match. */
  readonly labels?: Readonly<Record<string, string>>
  /** Creation order, newest last: the `createdAt` and id of the last row seen. */
  readonly cursor?: { readonly createdAt: number; readonly id: string }
  readonly limit: number
}

/** Writing is the session actors' alone. */
export class EventStore extends Context.Service<
  EventStore,
  {
    readonly epoch: number
    /** Whether no newer writer has started: asked before what cannot be undone and leaves no fact. */
    readonly isNewest: Effect.Effect<boolean, StoreFailure>
    readonly append: (decision: Decision) => Effect.Effect<Appended, AppendError>
    readonly idempotent: (scope: string, key: string) => Effect.Effect<IdempotencyEntry | null, StoreFailure>
    readonly checkpoint: (stream: string) => Effect.Effect<Checkpoint | null, StoreFailure>
    readonly saveCheckpoint: (stream: string, checkpoint: Checkpoint) => Effect.Effect<void, StoreFailure>
    /** Writes the row of the list view again, or removes it where there is none to write. */
    readonly mendRow: (id: string, row: SessionRow | null) => Effect.Effect<void, StoreFailure>
    /** Marks a stream as unreadable, with the reason; shown in `/readyz`, `doctor` and the list. */
    readonly quarantine: (stream: string, reason: string) => Effect.Effect<void, StoreFailure>
  }
>()("reprise/infra/EventStore") {}

/** Every component may read. */
export class EventReader extends Context.Service<
  EventReader,
  {
    readonly stream: (stream: string, page: Page) => Effect.Effect<ReadonlyArray<Entry>, StoreFailure>
    /** Only the rows whose type begins so, and whose JSON holds `naming`: the others are passed over where they lie. */
    readonly ofType: (
      stream: string,
      prefix: string,
      page: Page & { readonly naming?: string }
    ) => Effect.Effect<ReadonlyArray<Entry>, StoreFailure>
    readonly all: (page: Page) => Effect.Effect<ReadonlyArray<Entry>, StoreFailure>
    /** Fails once the log's files are no longer those that were opened, with what happened to them. */
    readonly sound: Effect.Effect<void, StoreFailure>
    /** The newest position of the log, 0 when it is empty. */
    readonly head: Effect.Effect<number, StoreFailure>
    /** Everything after the cursor, then everything as it happens: in order, none missing, none twice; a decision's facts in one chunk. */
    readonly follow: (from: { readonly stream: string | null; readonly after: number }) => Stream.Stream<Entry, StoreFailure>
    readonly list: (query: ListQuery) => Effect.Effect<ReadonlyArray<SessionRow>, StoreFailure>
    readonly row: (id: string) => Effect.Effect<SessionRow | null, StoreFailure>
    /** Sessions whose row of the list view is damaged: it is to be written again from their facts. */
    readonly damagedRows: Effect.Effect<ReadonlyArray<string>, StoreFailure>
    /** Every session start-up has work with. */
    readonly live: Effect.Effect<ReadonlyArray<SessionRow>, StoreFailure>
    readonly counts: Effect.Effect<Readonly<Record<string, number>>, StoreFailure>
    readonly quarantined: Effect.Effect<
      ReadonlyArray<{ readonly stream: string; readonly reason: string; readonly at: number }>,
      StoreFailure
    >
  }
>()("reprise/infra/EventReader") {}
