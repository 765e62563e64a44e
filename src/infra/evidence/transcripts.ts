/** The files that agents keep their conversations in: found, read whole, and copied for a branch. */
import { readFileSync, rmSync, statSync } from "node:fs"
import { Context, Effect, Layer, Schema } from "effect"
import type { TranscriptKind } from "../../domain/providers/transcripts/index.ts"
import { writeWhole } from "../durable-file.ts"
import { type Sought, transcriptOf } from "./transcript-file.ts"

/** The disk said no; nothing is left of what was begun. */
export class BranchNotWritten extends Schema.TaggedError<BranchNotWritten>()("BranchNotWritten", {
  code: Schema.String,
  cause: Schema.Defect()
}) {}

export class Transcripts extends Context.Service<
  Transcripts,
  {
    /** The conversation's file, where its provider's rules can tell the place and it is there. */
    readonly find: (kind: TranscriptKind, sought: Sought) => string | null
    /** Bytes; null where there is no such file. */
    readonly sizeOf: (path: string) => number | null
    /** All that are there now, without the LF that ends each. */
    readonly linesOf: (path: string) => ReadonlyArray<string>
    /** A copy of a conversation, whole or not at all. */
    readonly writeBranch: (path: string, lines: ReadonlyArray<string>) => Effect.Effect<void, BranchNotWritten>
    readonly removeBranch: (path: string) => Effect.Effect<void>
  }
>()("reprise/infra/Transcripts") {
  static readonly layer = Layer.succeed(Transcripts, {
    find: transcriptOf,
    sizeOf: (path) => statSync(path, { throwIfNoEntry: false })?.size ?? null,
    // Cut at LF alone: JSON texts may hold U+2028 as it stands.
    linesOf: (path) =>
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== ""),
    writeBranch: (path, lines) =>
      Effect.try({
        try: () => writeWhole(path, lines.map((line) => `${line}\n`).join("")),
        catch: (cause) => new BranchNotWritten({ code: (cause as NodeJS.ErrnoException).code ?? "UNKNOWN", cause })
      }),
    removeBranch: (path) => Effect.sync(() => rmSync(path, { force: true }))
  })

  /** For models of agents, which write none. */
  static readonly none: Layer.Layer<Transcripts> = Layer.succeed(Transcripts, {
    find: () => null,
    sizeOf: () => null,
    linesOf: () => [],
    writeBranch: () => Effect.void,
    removeBranch: () => Effect.void
  })
}
