/** Images for prompts: uploaded into a session's private directory, or found in its own, and known by their bytes to be images. */
import { createHash } from "node:crypto"
import { lstatSync, realpathSync } from "node:fs"
import { realpath } from "node:fs/promises"
import { join, resolve, sep } from "node:path"
import { Context, Effect, Layer, Schema } from "effect"
import type { Attachment } from "../../domain/facts.ts"
import { limits } from "../../domain/limits.ts"
import { writeWhole } from "../durable-file.ts"
import { lookAt, type Visit } from "../path-looks.ts"
import { openForReading } from "../read-on.ts"
import { FileRefused, namesIn, ownDirectory } from "../regular-file.ts"
import { AgentFiles } from "./agent-files.ts"

/** A rule said no. `place`: which of several it was, from 0. */
export class AttachmentRefused extends Schema.TaggedError<AttachmentRefused>()("AttachmentRefused", {
  code: Schema.Literals([
    "attachment_missing",
    "attachment_silent",
    "attachment_outside_roots",
    "attachment_not_image",
    "attachment_not_typable",
    "attachment_too_large",
    "attachments_full"
  ]),
  place: Schema.Int,
  detail: Schema.String
}) {}

/** The disk said no; nothing was kept. */
export class AttachmentNotKept extends Schema.TaggedError<AttachmentNotKept>()("AttachmentNotKept", {
  code: Schema.String,
  cause: Schema.Defect()
}) {}

export interface Kept extends Attachment {
  readonly id: string
}

/** `cwd`: of the session, whose files may be named by their paths. */
export interface Wanted {
  readonly session: string
  readonly cwd: string
  readonly attachments: ReadonlyArray<{ readonly path: string } | { readonly id: string }>
}

export class Attachments extends Context.Service<
  Attachments,
  {
    /** The same bytes are kept once, under the same id. */
    readonly keep: (session: string, bytes: Uint8Array) => Effect.Effect<Kept, AttachmentRefused | AttachmentNotKept>
    /** As they are now; paths come back absolute and without links. */
    readonly check: (wanted: Wanted) => Effect.Effect<ReadonlyArray<Attachment>, AttachmentRefused>
  }
>()("reprise/infra/Attachments") {
  static readonly layer: Layer.Layer<Attachments, never, AgentFiles> = Layer.effect(
    Attachments,
    Effect.map(AgentFiles, ({ directoryOf }) => {
      const folderOf = (session: string) => join(directoryOf(session), "attachments")
      return Attachments.of({
        keep: (session, bytes) => keep(folderOf(session), bytes),
        check: ({ attachments, cwd, session }) =>
          Effect.forEach(attachments, (wanted, place) =>
            "id" in wanted
              ? Effect.flatMap(pathOf(folderOf(session), wanted.id, place), (path) => look(path, [folderOf(session)], place))
              : look(resolve(cwd, wanted.path), [cwd, folderOf(session)], place)
          )
      })
    })
  )
}

const keep = Effect.fnUntraced(function* (folder: string, bytes: Uint8Array) {
  const image = imageOf(bytes)
  if (image === undefined) return yield* refused("attachment_not_image", 0, `the body is ${notImage}`)
  const hash = createHash("sha256").update(bytes).digest("hex")
  const id = `a-${hash.slice(0, 24)}`
  const path = join(folder, `${id}.${image.extension}`)
  const others = namesIn(folder, limits.directoryNames).filter((name) => !name.startsWith(id))
  const keptBytes = others.reduce((sum, name) => sum + (lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
  if (keptBytes + bytes.length > limits.attachmentsKeptBytes)
    return yield* refused("attachments_full", 0, `the session keeps ${keptBytes} bytes of ${limits.attachmentsKeptBytes} already`)
  yield* Effect.try({
    try: () => {
      ownDirectory(folder)
      writeWhole(path, bytes)
    },
    catch: (cause) => new AttachmentNotKept({ code: (cause as NodeJS.ErrnoException).code ?? "UNKNOWN", cause })
  })
  return { id, path: realpathSync(path), mediaType: image.mediaType, bytes: bytes.length, hash } satisfies Kept
})

const pathOf = (folder: string, id: string, place: number) => {
  const name = namesIn(folder, limits.directoryNames).find((each) => each.startsWith(`${id}.`) && !each.endsWith(".tmp"))
  return name === undefined
    ? refused("attachment_missing", place, `the session has no attachment ${id}`)
    : Effect.succeed(join(folder, name))
}

/** A regular file below one of the roots, wherever links lead, whose bytes are those of an image. */
const look = Effect.fnUntraced(function* (asked: string, roots: ReadonlyArray<string>, place: number) {
  const { found, path } = yield* Effect.catchTag(
    lookAt(asked, (visit) => fileAt(asked, roots, visit)),
    "PathSilent",
    ({ detail }) => refused("attachment_silent", place, detail)
  )
  if (found === "missing") return yield* refused("attachment_missing", place, `${asked} is not there`)
  if (found === "outside")
    return yield* refused("attachment_outside_roots", place, `${path} lies outside the session's directory; upload it instead`)
  // It is typed: a line end would submit it, an escape could end the paste.
  if (found === "not_typable") return yield* refused("attachment_not_typable", place, "its path has control characters")
  if (found === "absent") return yield* refused("attachment_missing", place, `${path} cannot be read`)
  if (found === "no_file") return yield* refused("attachment_not_image", place, `${path} is no regular file`)
  if (found === "too_large") return yield* refused("attachment_too_large", place, `${path} has more than ${limits.attachmentBytes} bytes`)
  const image = imageOf(found)
  if (image === undefined) return yield* refused("attachment_not_image", place, `${path} is ${notImage}`)
  const hash = createHash("sha256").update(found).digest("hex")
  return { path, mediaType: image.mediaType, bytes: found.length, hash } satisfies Attachment
})

const fileAt = async (asked: string, roots: ReadonlyArray<string>, visit: Visit) => {
  const path = await real(asked)
  if (path === undefined) return { path: asked, found: "missing" } as const
  let isWithin = false
  for (const root of roots) {
    visit(root)
    isWithin ||= isBelow(path, await real(root))
  }
  if (!isWithin) return { path, found: "outside" } as const
  if (/\p{Cc}/u.test(path)) return { path, found: "not_typable" } as const
  visit(path)
  return { path, found: await read(path) }
}

const refused = (code: AttachmentRefused["code"], place: number, detail: string) =>
  Effect.fail(new AttachmentRefused({ code, place, detail }))

const notImage = "not a PNG, JPEG, GIF or WebP"

const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined)

const isBelow = (path: string, root: string | undefined) =>
  root !== undefined && path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)

/** The path has no links any more: one that was put there meanwhile is not followed. */
const read = async (path: string): Promise<Uint8Array | "absent" | "no_file" | "too_large"> => {
  const file = await openForReading(path, {}).catch((error: unknown) =>
    error instanceof FileRefused && error.code === "NOT_REGULAR" ? ("no_file" as const) : ("absent" as const)
  )
  if (typeof file === "string") return file
  try {
    const { size } = await file.handle.stat()
    return size > limits.attachmentBytes ? "too_large" : await file.read(0, size)
  } catch {
    return "absent"
  } finally {
    file.close()
  }
}

/** By the bytes that each of these formats begins with. */
const imageOf = (bytes: Uint8Array) => {
  const head = Buffer.from(bytes.subarray(0, 12)).toString("latin1")
  return formats.find(({ begins }) => begins.test(head))
}
const formats = [
  { mediaType: "image/png", extension: "png", begins: /^\x89PNG\r\n\x1a\n/ },
  { mediaType: "image/jpeg", extension: "jpg", begins: /^\xff\xd8\xff/ },
  { mediaType: "image/gif", extension: "gif", begins: /^GIF8[79]a/ },
  { mediaType: "image/webp", extension: "webp", begins: /^RIFF.{4}WEBP/s }
]
