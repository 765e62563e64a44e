/** What must not be in the log: values of the environment, in a private file per session; and a keyed hash that gives nothing away. */
import { createHmac, randomBytes } from "node:crypto"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer, Schema } from "effect"
import type { Environment } from "../domain/environment.ts"
import { limits } from "../domain/limits.ts"
import { keepWhole, madeOnce, syncDirectory } from "./durable-file.ts"
import { sessionDirectory } from "./holder/launch-directory.ts"
import { FileRefused, readRegular } from "./regular-file.ts"

/** The file of a session's environment cannot be read or written: without it a launch would be another one than was asked for. */
export class SecretsFailure extends Schema.TaggedError<SecretsFailure>()("SecretsFailure", {
  session: Schema.String,
  code: Schema.String,
  cause: Schema.Defect()
}) {}

export class Secrets extends Context.Service<
  Secrets,
  {
    /** HMAC-SHA256 under a key of this home, in hexadecimal: equal texts can be recognised, short ones cannot be guessed back. */
    readonly hash: (text: string) => string
    readonly keep: (session: string, environment: Environment) => Effect.Effect<void, SecretsFailure>
    readonly environment: (session: string) => Effect.Effect<Environment, SecretsFailure>
    /** Takes back everything that `keep` made, and nothing else. */
    readonly forget: (session: string) => Effect.Effect<void>
    /** The session is over for good: its values are removed, and stay so after a power loss; its output stays. */
    readonly erase: (session: string) => Effect.Effect<void>
  }
>()("reprise/infra/Secrets") {
  /** Files of mode 0600 in `home/sessions/<id>/`, which is made with mode 0700. */
  static readonly layer = (home: string) =>
    Layer.sync(Secrets, () => {
      const key = madeOnce(join(home, "hash.key"), randomBytes(32))
      const folder = (session: string) => sessionDirectory(home, session)
      const file = (session: string) => join(folder(session), "environment.json")
      const attempt = <A>(session: string, run: () => A) =>
        Effect.try({
          try: run,
          catch: (cause) => new SecretsFailure({ session, code: (cause as NodeJS.ErrnoException).code ?? "unreadable", cause })
        })
      return {
        hash: (text) => createHmac("sha256", key).update(text).digest("hex"),
        keep: (session, environment) => attempt(session, () => keepWhole(file(session), JSON.stringify(environment))),
        environment: (session) => attempt(session, () => environmentIn(file(session))),
        forget: (session) =>
          Effect.suspend(() => removed(folder(session))).pipe(
            Effect.catchDefect((cause) => Effect.logError("nothing is removed of a session", session, cause))
          ),
        erase: (session) =>
          Effect.promise(async () => {
            await rm(file(session), { recursive: true, force: true })
            syncDirectory(folder(session))
          }).pipe(
            Effect.catchDefect((cause) =>
              missing(cause) ? Effect.void : Effect.logError("a session's environment could not be erased", session, cause)
            )
          )
      }
    })
}

/** Throws where it is no record of texts: an agent can write to it, and a launch from half of it would be another than was asked for. */
const environmentIn = (path: string): Environment => {
  const value: unknown = JSON.parse(readRegular(path, limits.environmentFileBytes).toString("utf8"))
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : null
  if (entries === null || entries.some(([name, text]) => !isNamed(name) || typeof text !== "string" || text.includes("\0")))
    throw new FileRefused(path, "MALFORMED")
  return value as Environment
}

const isNamed = (name: string) => name !== "" && !/[=\0]/.test(name)

const removed = (path: string) => Effect.promise(() => rm(path, { recursive: true, force: true }).catch(() => {}))

const missing = (cause: unknown) => (cause as NodeJS.ErrnoException | null)?.code === "ENOENT"
