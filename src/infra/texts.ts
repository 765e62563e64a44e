/** Prompt texts beside the log, each under its own hash: durable before the log speaks of it, and erasable without changing any state. */
import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { Context, Effect, Layer, Schema } from "effect"
import { limits } from "../domain/limits.ts"
import { keepWhole } from "./durable-file.ts"
import { readRegular } from "./regular-file.ts"

/** The text was erased, or its disk lost it. */
export class TextMissing extends Schema.TaggedError<TextMissing>()("TextMissing", { hash: Schema.String }) {}
/** The disk said no; nothing was kept. */
export class TextNotKept extends Schema.TaggedError<TextNotKept>()("TextNotKept", { code: Schema.String, cause: Schema.Defect() }) {}

export class Texts extends Context.Service<
  Texts,
  {
    /** SHA-256, hexadecimal. */
    readonly hash: (text: string) => string
    /** Returns the hash when the text is durable. */
    readonly keep: (text: string) => Effect.Effect<string, TextNotKept>
    readonly read: (hash: string) => Effect.Effect<string, TextMissing>
    readonly erase: (hash: string) => Effect.Effect<void>
  }
>()("reprise/infra/Texts") {
  /** Files of mode 0600 in `home/texts/`. */
  static readonly layer = (home: string) =>
    Layer.sync(Texts, () => {
      const pathOf = (hash: string) => join(home, "texts", hash.slice(0, 2), hash)
      return {
        hash: hashOf,
        keep: (text) =>
          Effect.try({
            try: () => {
              const hash = hashOf(text)
              keepWhole(pathOf(hash), text)
              return hash
            },
            catch: (cause) => new TextNotKept({ code: (cause as NodeJS.ErrnoException).code ?? "UNKNOWN", cause })
          }),
        read: (hash) =>
          Effect.try({
            try: () => readRegular(pathOf(hash), limits.promptBytes).toString("utf8"),
            catch: () => new TextMissing({ hash })
          }).pipe(
            Effect.filterOrFail(
              (text) => hashOf(text) === hash,
              () => new TextMissing({ hash })
            )
          ),
        erase: (hash) => Effect.ignore(Effect.try(() => rmSync(pathOf(hash), { force: true })))
      }
    })
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex")
