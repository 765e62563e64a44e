/** Follows a file that others append to: every whole line once, also over a stop at any place, and never a line that is not whole. */
import { Clock, Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import { openForReading, type Reading } from "../read-on.ts"
import { FileRefused, type OpenRule, statOrNull } from "../regular-file.ts"
import { FileWatch } from "./file-watch.ts"
import { type Cut, LineCutter } from "./line-cutter.ts"
import type { FileKey } from "./own-secrets.ts"

export type Tailed =
  | Cut
  /** The file shrank, or another one stands in its place: what follows is read from its beginning. */
  | { readonly _tag: "Restarted" }
  /** It is there and cannot be read, for as long as nothing else is said. `code`: an errno, or one of `FileRefused`. */
  | { readonly _tag: "Unreadable"; readonly code: string }

export interface TailOptions {
  readonly longestLine?: number
  readonly rule?: OpenRule
  /** A file that is not read, by whatever name. */
  readonly isForbidden?: (file: FileKey) => boolean
}

/**
 * `path`: absolute, without links. `from`: 0, or a `to` that an earlier reading gave. Never ends by itself, and reads when it is
 * pulled. A file that is not there, or cannot be read, is awaited; the reason of the latter is said once. Lines over `longestLine` bytes
 * are named and skipped. A file of more than `transcriptBytes` is not read on.
 */
export const tail = (path: string, from: number, options: TailOptions = {}): Stream.Stream<Tailed> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Follower(path, from, options)),
        (follower) => Effect.sync(() => follower[Symbol.dispose]())
      ),
      (follower) => Stream.fromIterableEffectRepeat(news(follower))
    )
  )

const news = Effect.fnUntraced(function* (follower: Follower) {
  // What was given is used between two pulls: a file that grows without end gets its share of the time, and no more.
  yield* follower.rest
  for (;;) {
    follower.watch.arm()
    for (;;) {
      const startedAt = yield* Clock.currentTimeNanos
      const read = yield* Effect.promise(() => follower.read())
      if (read === "end") break
      follower.startedAt = startedAt
      if (read.length > 0) return read
      yield* follower.rest
    }
    yield* follower.watch.changed
    yield* Effect.sleep(limits.lookMs)
  }
})

class Follower implements Disposable {
  readonly watch: FileWatch
  /** When the read of the last slice started; null where nothing was read since the last rest. */
  startedAt: bigint | null = null
  readonly #path: string
  readonly #options: TailOptions
  readonly #longestLine: number
  #cutter: LineCutter
  #restarted = false
  #closed = false
  /** Why it cannot be read; what is not there yet is no such reason. */
  #problem: string | null = null
  /** Kept open: as long as it is, no other file can have its inode. */
  #file: Reading | null = null

  constructor(path: string, from: number, options: TailOptions) {
    this.#path = path
    this.#options = options
    this.#longestLine = options.longestLine ?? limits.transcriptLineBytes
    this.#cutter = new LineCutter(from, this.#longestLine)
    this.watch = new FileWatch(path)
  }

  /** For as long as the work on the last slice and its share of a core ask for; longer for a file that was replaced. */
  readonly rest: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { startedAt } = this
    this.startedAt = null
    if (startedAt === null) return
    const tookMs = Number((yield* Clock.currentTimeNanos) - startedAt) / 1e6
    const shareMs = (tookMs * (100 - limits.tailPercent)) / limits.tailPercent
    yield* Effect.sleep(Math.max(Math.min(shareMs, longestRestMs), this.#restarted ? limits.restartMs : 0))
    this.#restarted = false
  })

  /** One slice: `end` where there is nothing new, nothing where a part of a line came. Never rejects. */
  async read(): Promise<ReadonlyArray<Tailed> | "end"> {
    try {
      const read = await this.#readOn()
      if (read === "foreign") return this.#restart()
      return read === "end" && this.#isReplaced() ? this.#restart() : read
    } catch (error) {
      // EIO and the like: a disk that fails has nothing more to say now.
      return this.#unreadable((error as NodeJS.ErrnoException).code ?? "unreadable")
    }
  }

  /** Once for each reason. */
  #unreadable(code: string): ReadonlyArray<Tailed> | "end" {
    const isKnown = this.#problem === code
    this.#problem = code
    return isKnown || code === "ENOENT" || code === "ENOTDIR" ? "end" : [{ _tag: "Unreadable", code }]
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.watch[Symbol.dispose]()
    this.#close()
  }

  /** `foreign`: these cannot be the bytes that were read up to here. */
  async #readOn(): Promise<ReadonlyArray<Tailed> | "end" | "foreign"> {
    this.#file ??= await this.#open()
    const file = this.#file
    if (file === null) return "end"
    const { size } = await file.handle.stat()
    if (size > limits.transcriptBytes) return this.#unreadable("TOO_LARGE")
    if (size < this.#cutter.lineFrom) return "foreign"
    // An unfinished line is taken back, as a writer does that repairs its file.
    if (size < this.#cutter.position) this.#cutter.dropHeld()
    const { lineFrom, position } = this.#cutter
    // A place to go on is behind a line's end: where there is none, this is another file, however long.
    const before = position === lineFrom && lineFrom > 0 ? 1 : 0
    const bytes = await file.read(position - before, Math.min(sliceBytes, size - position + before))
    if (bytes.length <= before) return "end"
    this.#problem = null
    if (before === 1 && bytes[0] !== lineFeed) return "foreign"
    return this.#cutter.cut(bytes.subarray(before))
  }

  async #open(): Promise<Reading | null> {
    const { isForbidden, rule = {} } = this.#options
    const file = await openForReading(this.#path, rule)
    if (!this.#closed && isForbidden?.(file) !== true) return file
    file.close()
    if (this.#closed) return null
    throw new FileRefused(this.#path, "NOT_OURS")
  }

  #isReplaced(): boolean {
    if (this.#file === null) return false
    const present = statOrNull(this.#path)
    return present !== null && (present.ino !== this.#file.inode || present.dev !== this.#file.device)
  }

  #restart(): ReadonlyArray<Tailed> {
    this.#close()
    this.#cutter = new LineCutter(0, this.#longestLine)
    this.#restarted = true
    return [{ _tag: "Restarted" }]
  }

  #close(): void {
    this.#file?.close()
    this.#file = null
  }
}

/** An idle file holds no memory, and a slice no processor for more than a millisecond or two. */
const sliceBytes = 65_536
const lineFeed = 0x0a
const longestRestMs = 1_000
