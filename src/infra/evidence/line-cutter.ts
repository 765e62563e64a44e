/** Cuts a file's bytes into lines with their places, whatever the pieces it is read in: at LF alone, and never inside a character. */

/** Offsets in bytes; `to` is behind the last line's LF, and is where a reader that stops here goes on. */
export type Cut =
  /** Without their LF; everything else is kept, also a CR before it. */
  | { readonly _tag: "Lines"; readonly from: number; readonly to: number; readonly lines: ReadonlyArray<string> }
  /** One line that is longer than the limit. */
  | { readonly _tag: "Skipped"; readonly from: number; readonly to: number }

export class LineCutter {
  readonly #longest: number
  /** Where the line begins whose end has not come. */
  #lineFrom: number
  #held: Array<Buffer> = []
  #heldBytes = 0

  constructor(from: number, longest: number) {
    this.#lineFrom = from
    this.#longest = longest
  }

  get lineFrom(): number {
    return this.#lineFrom
  }

  /** Where the next byte lies that it wants. */
  get position(): number {
    return this.#lineFrom + this.#heldBytes
  }

  /** Forgets the beginning of a line whose end has not come. */
  dropHeld(): void {
    this.#held = []
    this.#heldBytes = 0
  }

  /** `bytes` may be used again afterwards. */
  cut(bytes: Buffer): ReadonlyArray<Cut> {
    const cuts: Array<Cut> = []
    let lines: Array<string> = []
    let from = this.#lineFrom
    let begin = 0
    const flush = () => {
      if (lines.length > 0) cuts.push({ _tag: "Lines", from, to: this.#lineFrom, lines })
      lines = []
    }
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, begin)) {
      const length = this.#heldBytes + end - begin
      const to = this.#lineFrom + length + 1
      if (length > this.#longest) {
        flush()
        cuts.push({ _tag: "Skipped", from: this.#lineFrom, to })
        from = to
      } else lines.push(this.#line(bytes, begin, end))
      this.dropHeld()
      this.#lineFrom = to
      begin = end + 1
    }
    flush()
    this.#hold(bytes.subarray(begin))
    return cuts
  }

  #line(bytes: Buffer, begin: number, end: number): string {
    if (this.#held.length === 0) return bytes.toString("utf8", begin, end)
    return Buffer.concat([...this.#held, bytes.subarray(begin, end)]).toString("utf8")
  }

  /** Of a line that is too long only its length is kept. */
  #hold(rest: Buffer): void {
    this.#heldBytes += rest.length
    if (this.#heldBytes > this.#longest) this.#held = []
    else if (rest.length > 0) this.#held.push(Buffer.from(rest))
  }
}

const lineFeed = 0x0a
