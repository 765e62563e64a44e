/** One session's screen, as far as its output has been drawn: every byte once, every resize at its byte. */
import { Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import type { TerminalQuery } from "../../domain/terminal-queries.ts"
import type { Output } from "../output/output.ts"
import { Emulator } from "./emulator.ts"

const pageBytes = 65_536

interface Resize extends Size {
  readonly offset: number
}

export class Drawing {
  readonly session: string
  emulator: Emulator
  offset = -1

  constructor(session: string, size: Size) {
    this.session = session
    this.emulator = new Emulator(size)
  }

  /** Draws what came since, at most the newest `screenReplayBytes` of it, and nothing from `before` on. */
  readonly catchUp = Effect.fnUntraced(function* (this: Drawing, output: Output["Service"], before = Number.POSITIVE_INFINITY) {
    const end = Math.min(before, yield* output.end(this.session))
    if (this.offset < 0 || end - this.offset > limits.screenReplayBytes) yield* this.#begin(output, end)
    const resizes = yield* this.#resizes(output, end)
    for (const resize of [...resizes, null]) {
      const until = resize === null ? end : Math.min(resize.offset, end)
      while (this.offset < until) yield* this.#draw(output, until)
      if (resize === null || resize.offset > end) return
      this.emulator.resize(resize)
    }
  })

  /** What the terminal says to one query, behind all that came before it. Nothing, where its place is drawn or gone already. */
  readonly answer = Effect.fnUntraced(function* (this: Drawing, output: Output["Service"], { from, to }: TerminalQuery) {
    yield* this.catchUp(output, from)
    let said = ""
    while (this.offset >= from && this.offset < to) {
      const page = yield* output.read(this.session, this.offset, to - this.offset)
      if (page._tag === "Gap" || page.bytes.length === 0) break
      said += yield* this.emulator.ask(page.bytes)
      this.offset = page.next
    }
    return said
  })

  dispose(): void {
    this.emulator.dispose()
  }

  /** After the first line break of what is replayed, so that it does not begin inside a sequence or a character. */
  readonly #begin = Effect.fnUntraced(function* (this: Drawing, output: Output["Service"], end: number) {
    const begin = yield* output.begin(this.session)
    const from = Math.max(begin, end - limits.screenReplayBytes)
    this.#restart(from)
    if (from === 0) return
    const page = yield* output.read(this.session, from, Math.min(pageBytes, end - from))
    if (page._tag === "Gap") return
    const lineBreak = page.bytes.indexOf(0x0a)
    if (lineBreak >= 0) this.offset = from + lineBreak + 1
  })

  readonly #draw = Effect.fnUntraced(function* (this: Drawing, output: Output["Service"], until: number) {
    const page = yield* output.read(this.session, this.offset, Math.min(pageBytes, until - this.offset))
    if (page._tag === "Gap") return this.#restart(page.to)
    // The index ends where the files do; a file that shrank under us shows what was read so far.
    if (page.bytes.length > 0) yield* this.emulator.write(page.bytes)
    this.offset = page.bytes.length > 0 ? page.next : until
  })

  /** What came before is unknown: the screen is blank, of the size it had. */
  #restart(offset: number): void {
    const { size } = this.emulator
    this.emulator.dispose()
    this.emulator = new Emulator(size)
    this.offset = offset
  }

  /** From here on. The index begins with the size that was valid here, which is at an earlier offset than this. */
  readonly #resizes = Effect.fnUntraced(function* (this: Drawing, output: Output["Service"], end: number) {
    const from = this.offset
    const found = yield* Stream.runCollect(
      output.index(this.session, from).pipe(
        Stream.takeWhile(({ offset }) => offset <= end),
        Stream.filter((record) => record.kind === "resize"),
        Stream.map(({ cols, offset, rows }): Resize => ({ offset, cols, rows }))
      )
    )
    const before = found.findLast(({ offset }) => offset < from)
    const here = found.filter(({ offset }) => offset === from)
    const after = found.filter(({ offset }) => offset > from)
    // The index names those at this very byte again each time: they are done when the last of them is.
    const newest = here.at(-1) ?? before
    if (newest !== undefined && isOf(this.emulator.size, newest)) return after
    return before === undefined ? [...here, ...after] : [before, ...here, ...after]
  })
}

const isOf = (size: Size, { cols, rows }: Size) => size.cols === cols && size.rows === rows
