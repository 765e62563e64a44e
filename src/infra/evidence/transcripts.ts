/** The files that agents keep their conversations in: found, listed, and copied for a branch. */
import { rmSync } from "node:fs"
import { Context, Effect, Layer, Schema, Semaphore } from "effect"
import type { Environment } from "../../domain/environment.ts"
import { limits } from "../../domain/limits.ts"
import type { HistoryKind } from "../../domain/providers/transcripts/history.ts"
import type { TranscriptKind } from "../../domain/providers/transcripts/index.ts"
import { statOrNull } from "../regular-file.ts"
import { readInThread } from "./histories.ts"
import type { Listed, Reading, Result } from "./history-reading.ts"
import { admitted, type Found, type Sought, transcriptOf } from "./transcript-file.ts"

export type { Listed } from "./history-reading.ts"
export type { Found } from "./transcript-file.ts"

/** The conversation's file is there and cannot be read. `code`: an errno, or one of `FileRefused`. */
export class TranscriptUnreadable extends Schema.TaggedError<TranscriptUnreadable>()("TranscriptUnreadable", {
  path: Schema.String,
  code: Schema.String,
  detail: Schema.String
}) {}

export interface Branch {
  readonly path: string
  readonly kind: HistoryKind
  /** Null: the newest message. */
  readonly atMessage: string | null
  readonly newId: string
  readonly target: string
}

export class Transcripts extends Context.Service<
  Transcripts,
  {
    /** What stands at the place of the conversation's file; null where nothing does, or where its provider's rules give no place. */
    readonly find: (kind: TranscriptKind, sought: Sought) => Found | null
    /**
     * The file that an agent names, without links, where it lies below a place that its provider declares and is none of the daemon's
     * own; else null.
     */
    readonly admit: (kind: TranscriptKind, path: string, environment: Environment) => string | null
    /** Bytes; null where there is no such file. */
    readonly sizeOf: (path: string) => number | null
    /** Opens it, and reads no more than its beginning. */
    readonly look: (path: string) => Effect.Effect<void, TranscriptUnreadable>
    /** What was said in it, the newest messages where there are very many. */
    readonly list: (path: string, kind: HistoryKind) => Effect.Effect<Listed, TranscriptUnreadable>
    /** A copy of a conversation up to a message, whole or not at all. */
    readonly branch: (wish: Branch) => Effect.Effect<"branched" | "no_such_message", TranscriptUnreadable>
    readonly removeBranch: (path: string) => Effect.Effect<void>
  }
>()("reprise/infra/Transcripts") {
  static readonly layer = (home: string) =>
    Layer.sync(Transcripts, () => {
      const turns = Semaphore.makeUnsafe(limits.historiesAtOnce)
      const read = (reading: Reading): Effect.Effect<Result, TranscriptUnreadable> =>
        Effect.flatMap(turns.withPermits(1)(readInThread(reading)), (answered) =>
          answered._tag === "Result"
            ? Effect.succeed(answered.result)
            : Effect.fail(new TranscriptUnreadable({ path: reading.path, code: answered.code, detail: answered.message }))
        )
      return Transcripts.of({
        find: (kind, sought) => transcriptOf(home, kind, sought),
        admit: (kind, path, environment) => admitted(home, kind, path, environment),
        sizeOf: (path) => statOrNull(path)?.size ?? null,
        look: (path) => Effect.asVoid(read({ type: "look", home, path })),
        list: (path, kind) =>
          Effect.map(read({ type: "list", home, path, kind }), (result) => (result.type === "listed" ? result.listed : emptyList)),
        branch: (wish) =>
          Effect.map(read({ type: "branch", home, ...wish }), ({ type }) => (type === "branched" ? "branched" : "no_such_message")),
        removeBranch: (path) => Effect.sync(() => rmSync(path, { force: true }))
      })
    })

  /** For models of agents, which write none: what they name lies where it may. */
  static readonly none: Layer.Layer<Transcripts> = Layer.succeed(Transcripts, {
    find: () => null,
    admit: (_, path) => path,
    sizeOf: () => null,
    look: () => Effect.void,
    list: () => Effect.succeed(emptyList),
    branch: () => Effect.succeed("no_such_message"),
    removeBranch: () => Effect.void
  })
}

const emptyList: Listed = { messages: [], omitted: 0, skipped: 0 }
