/** One session's screen, as far as its output has been drawn: every byte once, every resize at its byte. */
import { Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { TerminalQuery } from "../../domain/terminal-queries.ts"
import type { Output } from "../output/output.ts"
import { CheckpointFiles } from "./checkpoint-files.ts"
import { type Emulators, type RemoteEmulator, ScreenUnavailable } from "./emulators.ts"

interface Resize extends Size {
  readonly offset: number
  readonly isFresh: boolean
}

export interface DrawingOptions {
  /** Of a terminal whose output does not say. */
  readonly size: Size
  /** A blank screen at that byte. Absent: the session's screen, from what is nearest. */
  readonly from?: number | undefined
  /** A launch that began later than this time (epoch milliseconds), at the byte where the drawing ends, is left out. */
  readonly launchedUntilMs?: number
  /** How far it may be to a known screen, and how much is drawn where none is so near. */
  readonly replayBytes?: number
  readonly tailBytes?: number
}

interface Ground {
  readonly output: Output["Service"]
  readonly emulators: Emulators["Service"]
}

export class Drawing {
  readonly session: string
  readonly #ground: Ground
  readonly #options: DrawingOptions
  readonly #files: CheckpointFiles
  #emulator: RemoteEmulator | null = null
  #size: Size
  #assumed: Size
  offset = -1
  /** Where the last launch began that is on this screen; −1 where that is not known. */
  #freshAt = -1
  /** False where what it was drawn from does not begin at a known screen. */
  exact = true

  constructor(session: string, options: DrawingOptions, ground: Ground) {
    this.session = session
    this.#options = options
    this.#ground = ground
    this.#size = this.#assumed = options.size
    this.#files = new CheckpointFiles(ground.output.directoryOf(session))
  }

  /** After a `catchUp`. */
  get emulator(): RemoteEmulator {
    if (this.#emulator === null) throw new Error("nothing is drawn yet")
    return this.#emulator
  }

  /** The size while the output does not say. */
  assume(size: Size): void {
    this.#assumed = size
  }

  get cells(): number {
    return this.#emulator?.standing().cells ?? 0
  }

  /** Draws what came since, and nothing from `before` on; a known screen that is too far off is left for a nearer one. */
  catchUp(before = Number.POSITIVE_INFINITY): Effect.Effect<void, ScreenUnavailable> {
    return this.#again(this.#catchUp(before))
  }

  /** What the terminal says to one query, behind all that came before it. Nothing, where its place is drawn or gone already. */
  readonly answer = Effect.fnUntraced(function* (this: Drawing, { from, to }: TerminalQuery, colours: TerminalColours) {
    const { output } = this.#ground
    yield* this.catchUp(from)
    let said = ""
    while (this.offset >= from && this.offset < to) {
      const page = yield* output.read(this.session, this.offset, to - this.offset)
      if (page._tag === "Gap" || page.bytes.length === 0) break
      said += yield* this.emulator.ask(page.bytes, colours)
      this.offset = page.next
    }
    return said
  })

  /** What it says to all of them, in the order of the output. Those of one size are one piece of work. */
  readonly answerAll = Effect.fnUntraced(function* (this: Drawing, queries: ReadonlyArray<TerminalQuery>, colours: TerminalColours) {
    const [first, last] = [queries[0], queries.at(-1)]
    if (first === undefined || last === undefined) return ""
    yield* this.catchUp(first.from)
    const resizes = this.offset === first.from ? yield* this.#resizes(last.to) : []
    const isOfOneSize = resizes.every(({ offset }) => offset <= first.from || offset >= last.to)
    const said: Array<string> = []
    for (const query of isOfOneSize ? [{ from: first.from, to: last.to }] : queries) said.push(yield* this.answer(query, colours))
    return said.join("")
  })

  dispose(): void {
    this.#emulator?.close()
    this.#emulator = null
  }

  /** The thread may have ended for another's sake: then all of it is drawn once more. */
  #again(work: Effect.Effect<void, ScreenUnavailable>): Effect.Effect<void, ScreenUnavailable> {
    const forgetting = Effect.tapError(work, () =>
      Effect.sync(() => {
        this.dispose()
        this.offset = -1
      })
    )
    return Effect.retry(forgetting, { times: mostAgain, while: ({ reason }) => reason === "lost" })
  }

  readonly #catchUp = Effect.fnUntraced(function* (this: Drawing, before: number) {
    const { output } = this.#ground
    const end = Math.min(before, yield* output.end(this.session))
    if (this.#emulator === null || this.offset < 0 || end - this.offset > this.#replayBytes) yield* this.#begin(end)
    const resizes = yield* this.#resizes(end)
    // The output of a program that has printed nothing does not name its size.
    const isSilent = end === 0 && resizes.length === 0 && this.#freshAt < 0
    if (isSilent && !isOf(this.emulator.standing().size, this.#assumed)) yield* this.emulator.resize(this.#assumed)
    for (const resize of [...resizes, null]) {
      const until = resize === null ? end : Math.min(resize.offset, end)
      while (this.offset < until) yield* this.#draw(until)
      if (resize === null || resize.offset > end) return
      yield* this.#resize(resize)
    }
  })

  readonly #resize = Effect.fnUntraced(function* (this: Drawing, { cols, isFresh, offset, rows }: Resize) {
    this.#size = { cols, rows }
    if (!isFresh) return yield* this.emulator.resize({ cols, rows })
    // Another process on another terminal: nothing of what the one before it left is on.
    this.dispose()
    yield* this.#blank(offset, true)
    this.#freshAt = offset
  })

  get #replayBytes(): number {
    return this.#options.replayBytes ?? limits.screenReplayBytes
  }

  /** A blank screen, a checkpoint or the first byte; where none is near, some way before the end. */
  readonly #begin = Effect.fnUntraced(function* (this: Drawing, end: number) {
    const { output } = this.#ground
    const { from: blankAt, tailBytes = limits.screenTailBytes } = this.#options
    const from = Math.max(yield* output.begin(this.session), this.#files.lostBefore())
    const oldest = Math.max(from, end - this.#replayBytes)
    if (blankAt !== undefined && blankAt >= oldest) return yield* this.#blank(blankAt, true)
    // One at the very end may be of a launch that is left out.
    const newest = this.#options.launchedUntilMs === undefined ? end : end - 1
    const checkpoint = blankAt === undefined ? this.#files.newest(oldest, newest) : null
    if (checkpoint !== null) {
      this.dispose()
      this.#emulator = yield* this.#ground.emulators.open(this.session, checkpoint.screen.size, checkpoint.screen)
      this.offset = checkpoint.offset
      this.#size = checkpoint.screen.size
      this.#freshAt = -1
      this.exact = checkpoint.exact
      return
    }
    if (oldest === 0) return yield* this.#blank(0, true)
    if (oldest > end)
      return yield* new ScreenUnavailable({ session: this.session, reason: "cost", retryAfterMs: limits.screenBarMs.minimum })
    yield* this.#blank(yield* this.#afterLine(Math.max(from, end - tailBytes), end), false)
  })

  /** After the first line break from there on: what comes before may be the middle of a sequence or a character. */
  readonly #afterLine = Effect.fnUntraced(function* (this: Drawing, from: number, end: number) {
    const page = yield* this.#ground.output.read(this.session, from, Math.min(limits.screenPageBytes, end - from))
    const lineBreak = page._tag === "Gap" ? -1 : page.bytes.indexOf(0x0a)
    return lineBreak < 0 ? from : from + lineBreak + 1
  })

  readonly #draw = Effect.fnUntraced(function* (this: Drawing, until: number) {
    const page = yield* this.#ground.output.read(this.session, this.offset, Math.min(limits.screenPageBytes, until - this.offset))
    if (page._tag === "Gap") return yield* this.#blank(page.to, false)
    // The index ends where the files do; a file that shrank under us shows what was read so far.
    if (page.bytes.length > 0) yield* this.emulator.write(page.bytes)
    this.offset = page.bytes.length > 0 ? page.next : until
  })

  /** What came before is unknown or of no concern: the screen is blank, of the size it had. */
  readonly #blank = Effect.fnUntraced(function* (this: Drawing, offset: number, exact: boolean) {
    const size = this.#emulator?.standing().size ?? this.#size
    this.dispose()
    this.#emulator = yield* this.#ground.emulators.open(this.session, size)
    this.offset = offset
    this.exact = exact
    this.#freshAt = -1
  })

  /** From here on. The index begins with the size that was valid here, which is at an earlier offset than this. */
  readonly #resizes = Effect.fnUntraced(function* (this: Drawing, end: number) {
    const from = this.offset
    const { launchedUntilMs = Number.POSITIVE_INFINITY } = this.#options
    const found = yield* Stream.runCollect(
      this.#ground.output.index(this.session, from).pipe(
        Stream.takeWhile(({ offset }) => offset <= end),
        Stream.filter((record) => record.kind === "resize"),
        Stream.takeWhile(({ isFresh, offset, wallMs }) => isFresh !== true || offset < end || wallMs <= launchedUntilMs),
        Stream.map(({ cols, isFresh = false, offset, rows }): Resize => ({ offset, cols, rows, isFresh }))
      )
    )
    const before = found.findLast(({ offset }) => offset < from)
    const here = found.filter(({ offset }) => offset === from)
    const after = found.filter(({ offset }) => offset > from)
    const fresh = here.findLastIndex(({ isFresh }) => isFresh)
    if (fresh >= 0 && this.#freshAt !== from) return [...here.slice(fresh), ...after]
    // The index names those at this very byte again each time: they are done when the last of them is.
    const newest = here.at(-1) ?? before
    if (newest !== undefined && isOf(this.emulator.standing().size, newest)) return after
    return before === undefined ? [...here, ...after] : [before, ...here, ...after]
  })
}

const mostAgain = 2
const isOf = (size: Size, { cols, rows }: Size) => size.cols === cols && size.rows === rows
