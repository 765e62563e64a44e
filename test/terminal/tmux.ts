/** The same streams drawn by our screen and by tmux, as its `capture-pane -e` prints it: what differs is named after the pieces that it takes. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Drawable } from "../../src/domain/terminal/drawable.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { chance } from "../support/terminal-bytes.ts"
import { stream } from "./grammar.ts"
import type { Result } from "./table.ts"

const size = { cols: 80, rows: 24 }

export const tmuxStreams = async (count: number, first: number): Promise<ReadonlyArray<Result>> => {
  if (spawnSync("tmux", ["-V"]).status !== 0) return [{ name: "tmux", outcome: "not applicable", why: "tmux is not installed" }]
  await using tmux = await Tmux.open()
  const results: Array<Result> = []
  for (let seed = first; seed < first + count; seed++) {
    const pieces = stream(chance(seed), 25, false)
    const why = await differenceOf(tmux, agreed(pieces))
    const known = why === null ? null : await knownKind(tmux, pieces)
    if (why === null) results.push({ name: `seed ${seed}`, outcome: "passed" })
    else if (known !== null) results.push({ name: `seed ${seed}`, outcome: "not applicable", why: known })
    else {
      const short = results.filter(({ outcome }) => outcome === "failed").length < mostShortened ? await shortest(tmux, pieces) : pieces
      const found = (await differenceOf(tmux, agreed(short))) ?? why
      results.push({ name: `seed ${seed}`, outcome: "failed", why: `${JSON.stringify(agreed(short))}: ${found}` })
    }
  }
  return results
}

/** What two terminals may do differently (docs/terminal.md), with the stream as it is without that: the first kind that is enough, else all. */
const kinds: ReadonlyArray<readonly [string, (piece: string) => string]> = [
  [
    "half of a wide character is written over or erased",
    (piece) => (/[\u1100-\u{1ffff}]/u.test(piece) && !/[│─┌]/.test(piece) ? "ab" : piece)
  ],
  ["tmux gives inserted blanks no background", (piece) => (/\[\d*@$/.test(piece) ? "" : piece)],
  ["tmux goes back over a wrapped row by BS", (piece) => (piece === "\b" ? "" : piece)],
  ["tmux does not take a cursor behind the last column for one in it", (piece) => (/^\w{3,}|\[(?:40|999)[CG]$/.test(piece) ? "" : piece)],
  ["tmux keeps a cursor without its origin mode", (piece) => (piece.startsWith("\x1b[?6") ? "" : piece)]
]
const knownKind = async (tmux: Tmux, pieces: ReadonlyArray<string>): Promise<string | null> => {
  let left = pieces
  for (const [name, without] of kinds) {
    if ((await differenceOf(tmux, agreed(pieces.map(without)))) === null) return name
    left = left.map(without)
  }
  return (await differenceOf(tmux, agreed(left))) === null ? "several of these" : null
}

const mostShortened = 40

/**
 * Without what tmux is known to draw otherwise (docs/terminal.md): relative moves by HPR and VPR, lines inserted outside the region and the
 * column after it, clusters of several code points, lines above the text, a kept cursor on the other screen, the colour of a fresh one.
 */
const agreed = (pieces: ReadonlyArray<string>): ReadonlyArray<string> => {
  let [isAlternate, isKept, hasRegion] = [false, false, false]
  return pieces.flatMap((piece) => {
    if (/\[\d*[ae]$/.test(piece)) return ["moved"]
    if (/\[\d*[LM]$/.test(piece)) return hasRegion ? [] : [`${piece}\r`]
    if (piece.endsWith("r") && piece.startsWith("\x1b[")) {
      hasRegion = piece !== "\x1b[r"
      return [`${piece}\x1b[H`]
    }
    if (piece.startsWith("\x1b[?1049")) {
      if (piece.endsWith("h") === isAlternate) return []
      ;[isAlternate, isKept] = [!isAlternate, false]
      return [isAlternate ? `\x1b[m${piece}` : piece]
    }
    if (piece === "\x1b7") isKept = true
    if (piece === "\x1b8" && !isKept) return []
    if (/\u200d|\ufe0f|\p{Emoji_Modifier}|\p{RI}/u.test(piece)) return ["🙂"]
    return [/\[(?:53|4:3|58:5:3)m$/.test(piece) ? "\x1b[4m" : piece]
  })
}

/** Shortened in the form that both agree in: what is left out may change what the rest means. */
const shortest = async (tmux: Tmux, pieces: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  let left = pieces
  for (let length = Math.ceil(left.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let at = 0; at < left.length; ) {
      const without = [...left.slice(0, at), ...left.slice(at + length)]
      if ((await differenceOf(tmux, agreed(without))) !== null) left = without
      else at += length
    }
  }
  return left
}

/** Null: both show the same, with the cursor at the same place. */
const differenceOf = async (tmux: Tmux, pieces: ReadonlyArray<string>): Promise<string | null> => {
  const bytes = Buffer.from(pieces.join(""))
  const theirs = await tmux.drawn(bytes)
  const ours = new Emulator(size)
  for (const piece of new Drawable(size).push(bytes)) ours.write(piece.bytes)
  const { cursor } = ours.picture()
  const [own, other] = [rowsOf(ours), rowsOf(theirs.screen)]
  ours.dispose()
  theirs.screen.dispose()
  const row = own.findIndex((text, at) => text !== other[at])
  if (row >= 0) return `row ${row + 1}: ${JSON.stringify(own[row])}, tmux ${JSON.stringify(other[row])}`
  // Behind the last column tmux counts one more, as we do.
  return cursor.x === theirs.x && cursor.y === theirs.y ? null : `cursor ${cursor.x},${cursor.y}, tmux ${theirs.x},${theirs.y}`
}

/** Each row with its attributes, as a fresh terminal spells them; blanks at its end are not printed by tmux. */
const rowsOf = (emulator: Emulator): ReadonlyArray<string> => emulator.styledRows().map((row) => row.replace(/(?:\x1b\[[\d;]*m| )+$/, ""))

class Tmux implements AsyncDisposable {
  readonly #control: ChildProcessWithoutNullStreams
  readonly #directory: string
  readonly #socket: Socket
  #said = ""
  #heard = ""
  #wake: () => void = () => {}

  private constructor(control: ChildProcessWithoutNullStreams, directory: string, socket: Socket) {
    this.#control = control
    this.#directory = directory
    this.#socket = socket
    control.stdout.on("data", (chunk: Buffer) => {
      this.#said += chunk.toString("utf8")
      this.#wake()
    })
    socket.on("data", (chunk: Buffer) => {
      this.#heard += chunk.toString("latin1")
      this.#wake()
    })
  }

  static async open(): Promise<Tmux> {
    const directory = mkdtempSync(join(tmpdir(), "reprise-tmux-"))
    const path = join(directory, "pane.sock")
    let took: (socket: Socket) => void = () => {}
    const connected = new Promise<Socket>((resolve) => {
      took = resolve
    })
    createServer((socket) => took(socket))
      .listen(path)
      .unref()
    const program = `${process.execPath} ${join(import.meta.dirname, "tmux-program.ts")} ${path}`
    const words = [
      "-S",
      join(directory, "tmux.sock"),
      "-f",
      "/dev/null",
      "-u",
      "-C",
      "new-session",
      "-x",
      String(size.cols),
      "-y",
      String(size.rows)
    ]
    const control = spawn("tmux", [...words, program], { env: { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", TMUX: "" } })
    const tmux = new Tmux(control, directory, await connected)
    await tmux.#ask(`refresh-client -C ${size.cols}x${size.rows}`)
    await tmux.#ask("set -g status off")
    return tmux
  }

  async drawn(bytes: Uint8Array) {
    this.#heard = ""
    this.#socket.write(Buffer.concat([Buffer.from("\x18\x1b[?1049l\x1bc\x1b[3J"), bytes, Buffer.from("\x1b[5n")]))
    await this.#until(() => this.#heard.includes("\x1b[0n"))
    const lines = (await this.#ask("capture-pane -p -e -N")).slice(0, size.rows)
    const [x, y] = (await this.#ask("display-message -p '#{cursor_x} #{cursor_y}'"))[0]!.split(" ").map(Number)
    const screen = new Emulator(size)
    // A style goes on over the end of a line.
    screen.write(lines.map((line, row) => `\x1b[${row + 1}H${line}`).join(""))
    return { screen, x: x!, y: y! }
  }

  async [Symbol.asyncDispose]() {
    this.#socket.destroy()
    this.#control.stdin.end()
    spawnSync("tmux", ["-S", join(this.#directory, "tmux.sock"), "kill-server"])
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** One command; its answer stands between `%begin` and `%end`. */
  async #ask(command: string): Promise<ReadonlyArray<string>> {
    this.#said = ""
    this.#control.stdin.write(`${command}\n`)
    await this.#until(() => /^%(?:end|error) \d+ \d+ 1\r?$/m.test(this.#said))
    const [, answer = ""] = /^%begin \d+ \d+ 1\r?\n([\s\S]*?)^%(?:end|error) \d+ \d+ 1\r?$/m.exec(this.#said) ?? []
    return answer.split("\n").slice(0, -1)
  }

  async #until(so: () => boolean): Promise<void> {
    while (!so()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
