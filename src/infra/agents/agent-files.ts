/** The private directory of a session's agent: the files that its hooks are written in, and room for its temporary ones. */
import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from "node:fs"
import { rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Context, Effect, Layer, Schema } from "effect"
import { limits } from "../../domain/limits.ts"
import { writeWhole } from "../durable-file.ts"
import { isDirectoryName, sessionDirectory } from "../holder/launch-directory.ts"
import { namesIn, ownDirectory, readSmall } from "../regular-file.ts"
import { trustedDirectory } from "../trusted-place.ts"

/** The disk said no. */
export class AgentFilesFailure extends Schema.TaggedError<AgentFilesFailure>()("AgentFilesFailure", {
  session: Schema.String,
  code: Schema.String,
  cause: Schema.Defect()
}) {}

export class AgentFiles extends Context.Service<
  AgentFiles,
  {
    /** Absolute; the same for all launches of a session. */
    readonly directoryOf: (session: string) => string
    /** Where hooks leave their word while no daemon runs. */
    readonly spoolOf: (session: string) => string
    /** How far the spool was read, in bytes. Lost with a crash at worst: then calls are reported again, which changes nothing. */
    readonly spooledTo: (session: string) => number
    readonly keepSpooledTo: (session: string, to: number) => void
    /** Files by name below the directory, mode 0600, replaced in one step; directories by absolute path, mode 0700. */
    readonly place: (
      session: string,
      files: ReadonlyArray<{ readonly name: string; readonly text: string }>,
      directories: ReadonlyArray<string>
    ) => Effect.Effect<void, AgentFilesFailure>
    /** A directory for temporary files, by a name that is short enough for the sockets that agents bind below it. */
    readonly temporary: (session: string) => Effect.Effect<string>
    /** Sessions that have such a directory, or an environment. */
    readonly kept: Effect.Effect<ReadonlyArray<string>>
    /** With everything in it, as far as the disk lets go of it. */
    readonly remove: (session: string) => Effect.Effect<void>
  }
>()("reprise/infra/AgentFiles") {
  static readonly layer = (home: string) =>
    Layer.sync(AgentFiles, () => {
      const directoryOf = (session: string) => join(sessionDirectory(home, session), "agent")
      const cursorOf = (session: string) => join(directoryOf(session), "hooks.cursor")
      return {
        directoryOf,
        spoolOf: (session) => join(directoryOf(session), "hooks", "spool.ndjson"),
        spooledTo: (session) => {
          const place = Number.parseInt(readSmall(cursorOf(session), cursorBytes) ?? "", 10)
          return Number.isSafeInteger(place) && place > 0 ? place : 0
        },
        keepSpooledTo: (session, to) => {
          // A session that was terminated meanwhile needs it no more.
          if (!existsSync(directoryOf(session))) return
          try {
            writeWhole(cursorOf(session), `${to}\n`)
          } catch {
            // A full disk, or what an agent put there: the calls are reported again after a restart, which changes nothing.
          }
        },
        place: (session, files, directories) =>
          Effect.try({
            try: () => {
              for (const path of [directoryOf(session), join(directoryOf(session), "hooks"), ...directories]) ownDirectory(path)
              for (const { name, text } of files) {
                const path = join(directoryOf(session), name)
                ownDirectory(dirname(path))
                writeWhole(path, text)
              }
            },
            catch: (cause) => new AgentFilesFailure({ session, code: (cause as NodeJS.ErrnoException).code ?? "UNKNOWN", cause })
          }),
        temporary: (session) => Effect.sync(() => shortName(session, join(directoryOf(session), "tmp"))),
        kept: Effect.sync(() =>
          namesIn(join(home, "sessions"), limits.sessionDirectories).filter(
            (session) =>
              isDirectoryName(session) &&
              (existsSync(directoryOf(session)) || existsSync(join(sessionDirectory(home, session), "environment.json")))
          )
        ),
        remove: (session) =>
          Effect.promise(() => {
            const path = join(directoryOf(session), "tmp")
            const name = shortName(session, path)
            if (name !== path) rmSync(name, { force: true })
            return rm(directoryOf(session), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
          })
      }
    })
}

/** A link in a directory of this user's own, where the path itself is too long; the path where no such link can be made. */
const shortName = (session: string, path: string): string => {
  if (Buffer.byteLength(path) <= limits.temporaryBytes) return path
  try {
    const link = join(trustedDirectory(`/tmp/rp-${process.geteuid?.() ?? 0}`, "the directory of short names"), session)
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === path) return link
    rmSync(link, { force: true, recursive: true })
    symlinkSync(path, link)
    return link
  } catch {
    return path
  }
}

/** A number in decimal digits. */
const cursorBytes = 32
