/** Cuts a stream of bytes into lines of a bounded length, whatever the pieces it comes in. */

export class LineReader {
  readonly #longest: number
  readonly #onLine: (line: string) => void
  readonly #onTooLong: () => void
  #pieces: Array<Buffer> = []
  #held = 0

  constructor(options: { readonly longest: number; readonly onLine: (line: string) => void; readonly onTooLong: () => void }) {
    this.#longest = options.longest
    this.#onLine = options.onLine
    this.#onTooLong = options.onTooLong
  }

  push(bytes: Buffer) {
    let from = 0
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
      if (this.#held + at - from > this.#longest) return this.#onTooLong()
      const line =
        this.#held === 0 ? bytes.toString("utf8", from, at) : Buffer.concat([...this.#pieces, bytes.subarray(from, at)]).toString()
      this.#pieces = []
      this.#held = 0
      from = at + 1
      this.#onLine(line)
    }
    if (from === bytes.length) return
    this.#held += bytes.length - from
    if (this.#held > this.#longest) return this.#onTooLong()
    this.#pieces.push(from === 0 ? bytes : bytes.subarray(from))
  }
}

const newline = 0x0a
