/** A file that is there whole or not at all: written beside its place, and moved there when all has gone well. */
import { mkdir, open, rename, rm } from "node:fs/promises"
import { Effect } from "effect"
import { Failure } from "./failures.ts"
import { assertReplaceable, temporaryBeside } from "./out-file.ts"

export interface Writing {
  readonly write: (piece: Uint8Array) => Effect.Effect<void, Failure>
  /** Where it can be read, up to now, before it is in its place. */
  readonly sofar: Effect.Effect<string, Failure>
}

export const TraceFile = {
  /** Made where it is missing. */
  directory: (path: string) =>
    Effect.tryPromise({
      try: () => mkdir(path, { recursive: true }),
      catch: (cause) => new Failure({ message: `${path} cannot be made (${(cause as NodeJS.ErrnoException).code ?? String(cause)})` })
    }),
  writing: <E, R>(path: string, fill: (writing: Writing) => Effect.Effect<unknown, E, R>) =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* assertReplaceable(path)
        const temporary = temporaryBeside(path)
        const attempt = <A>(act: () => Promise<A>) =>
          Effect.tryPromise({
            try: act,
            catch: (cause) => new Failure({ message: `${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}` })
          })
        const file = yield* Effect.acquireRelease(
          attempt(() => open(temporary, "wx", 0o600)),
          (file) => Effect.promise(() => file.close().finally(() => rm(temporary, { force: true })))
        )
        let lines = 0
        yield* fill({
          write: (piece) =>
            Effect.asVoid(
              attempt(() => {
                for (const byte of piece) if (byte === lineFeed) lines += 1
                return file.writeFile(piece)
              })
            ),
          sofar: Effect.as(
            attempt(() => file.sync()),
            temporary
          )
        })
        yield* attempt(() => file.sync())
        yield* attempt(() => rename(temporary, path))
        return { lines }
      })
    )
}

const lineFeed = 10
