/** Follows a file that others append to: every whole line once, also over a stop at any place, and never a line that is not whole. */
import { closeSync, fstatSync, readSync } from "node:fs"
import { Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import { FileWatch } from "./file-watch.ts"
import { type Cut, LineCutter } from "./line-cutter.ts"
import { type OpenFile, openRegular, statOrNull } from "./regular-file.ts"

export type Tailed =
  | Cut
  /** The file shrank, or another one stands in its place: what follows is read from its beginning. */
  | { readonly _tag: "Restarted" }

/**
 * `from`: 0, or a `to` that an earlier reading gave. Never ends by itself, and reads when it is pulled. A file that is not there, or
 * may not be read, is awaited; lines over `longestLine` bytes are named and skipped.
 */
export const tail = (path: string, from: number, longestLine: number = limits.transcriptLineBytes): Stream.Stream<Tailed> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Follower(path, from, longestLine)),
        (follower) => Effect.sync(() => follower[Symbol.dispose]())
      ),
      (follower) => Stream.fromIterableEffectRepeat(news(follower))
    )
  )

const news = Effect.fnUntraced(function* (follower: Follower) {
  // Somebody else's turn first: an old file of gigabytes is read between other things.
  yield* Effect.yieldNow
  for (;;) {
    follower.watch.arm()
    const read = follower.read()
    if (read.length > 0) return read
    yield* follower.watch.changed
  }
})

class Follower implements Disposable {
  readonly watch: FileWatch
  readonly #path: string
  readonly #longestLine: number
  #cutter: LineCutter
  /** Kept open: as long as it is, no other file can have its inode. */
  #file: OpenFile | null = null

  constructor(path: string, from: number, longestLine: number) {
    this.#path = path
    this.#longestLine = longestLine
    this.#cutter = new LineCutter(from, longestLine)
    this.watch = new FileWatch(path)
  }

  /** Nothing when there is nothing new. */
  read(): ReadonlyArray<Tailed> {
    for (;;) {
      const read = this.#readOn()
      if (read === "end") return this.#isReplaced() ? this.#restart() : []
      if (read === "foreign") return this.#restart()
      if (read.length > 0) return read
    }
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]()
    this.#close()
  }

  /** `foreign`: these cannot be the bytes that were read up to here. Empty when a part of a line came. */
  #readOn(): ReadonlyArray<Cut> | "end" | "foreign" {
    this.#file ??= openRegular(this.#path)
    if (this.#file === null) return "end"
    const { fd } = this.#file
    const { size } = fstatSync(fd)
    if (size < this.#cutter.lineFrom) return "foreign"
    // A line that was begun is taken back, as a writer does that repairs its file.
    if (size < this.#cutter.position) this.#cutter.dropHeld()
    const { lineFrom, position } = this.#cutter
    // A place to go on is behind a line's end: where there is none, this is another file, however long.
    const before = position === lineFrom && lineFrom > 0 ? 1 : 0
    const got = readOrEnd(fd, position - before)
    if (got <= before) return "end"
    if (before === 1 && shared[0] !== lineFeed) return "foreign"
    return this.#cutter.cut(shared.subarray(before, got))
  }

  #isReplaced(): boolean {
    if (this.#file === null) return false
    const present = statOrNull(this.#path)
    return present !== null && (present.ino !== this.#file.inode || present.dev !== this.#file.device)
  }

  #restart(): ReadonlyArray<Tailed> {
    this.#close()
    this.#cutter = new LineCutter(0, this.#longestLine)
    return [{ _tag: "Restarted" }]
  }

  #close(): void {
    if (this.#file !== null) closeSync(this.#file.fd)
    this.#file = null
  }
}

/** One for all: what is read is made into lines before anybody else reads, and an idle file holds no memory. */
const shared = Buffer.allocUnsafeSlow(65_536)
const lineFeed = 0x0a

/** A disk that fails (EIO) has nothing to say now. */
const readOrEnd = (fd: number, position: number): number => {
  try {
    return readSync(fd, shared, 0, shared.length, position)
  } catch {
    return 0
  }
}
