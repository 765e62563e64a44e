/** The files that agents keep their conversations in: found, read whole, and copied for a branch. */
import { rmSync } from "node:fs"
import { Context, Effect, Layer, Schema } from "effect"
import type { Environment } from "../../domain/environment.ts"
import { limits } from "../../domain/limits.ts"
import type { TranscriptKind } from "../../domain/providers/transcripts/index.ts"
import { writeWhole } from "../durable-file.ts"
import { openForReading } from "../read-on.ts"
import { FileRefused, statOrNull } from "../regular-file.ts"
import { isOwnSecret } from "./own-secrets.ts"
import { admitted, type Sought, transcriptOf } from "./transcript-file.ts"

/** The disk said no; nothing is left of what was begun. */
export class BranchNotWritten extends Schema.TaggedError<BranchNotWritten>()("BranchNotWritten", {
  code: Schema.String,
  cause: Schema.Defect()
}) {}

/** The conversation's file cannot be read, or is more than is held in memory (`TOO_LARGE`). */
export class TranscriptUnreadable extends Schema.TaggedError<TranscriptUnreadable>()("TranscriptUnreadable", {
  code: Schema.String,
  cause: Schema.Defect()
}) {}

export class Transcripts extends Context.Service<
  Transcripts,
  {
    /** The conversation's file, where its provider's rules can tell the place and it is there. */
    readonly find: (kind: TranscriptKind, sought: Sought) => string | null
    /**
     * The file that an agent names, without links, where it lies below a place that its provider declares and is none of the daemon's
     * own; else null.
     */
    readonly admit: (kind: TranscriptKind, path: string, environment: Environment) => string | null
    /** Bytes; null where there is no such file. */
    readonly sizeOf: (path: string) => number | null
    /** All that are there now, without the LF that ends each. */
    readonly linesOf: (path: string) => Effect.Effect<ReadonlyArray<string>, TranscriptUnreadable>
    /** A copy of a conversation, whole or not at all. */
    readonly writeBranch: (path: string, lines: ReadonlyArray<string>) => Effect.Effect<void, BranchNotWritten>
    readonly removeBranch: (path: string) => Effect.Effect<void>
  }
>()("reprise/infra/Transcripts") {
  static readonly layer = (home: string) =>
    Layer.succeed(Transcripts, {
      find: (kind, sought) => transcriptOf(home, kind, sought),
      admit: (kind, path, environment) => admitted(home, kind, path, environment),
      sizeOf: (path) => statOrNull(path)?.size ?? null,
      linesOf: (path) =>
        Effect.tryPromise({
          try: () => linesOf(home, path),
          catch: (cause) => new TranscriptUnreadable({ code: (cause as NodeJS.ErrnoException).code ?? "unreadable", cause })
        }),
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
    admit: () => null,
    sizeOf: () => null,
    linesOf: () => Effect.succeed([]),
    writeBranch: () => Effect.void,
    removeBranch: () => Effect.void
  })
}

/** Cut at LF alone: JSON texts may hold U+2028 as it stands. */
const linesOf = async (home: string, path: string): Promise<ReadonlyArray<string>> => {
  const file = await openForReading(path, {})
  try {
    const { size } = await file.handle.stat()
    if (size > limits.branchBytes) throw new FileRefused(path, "TOO_LARGE")
    if (isOwnSecret(home, file)) throw new FileRefused(path, "NOT_OURS")
    return (await file.read(0, size))
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
  } finally {
    file.close()
  }
}
