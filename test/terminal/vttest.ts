/** vttest, driven by keys through its menus in a session and in tmux: after each page the two screens are compared. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import { Person } from "./person.ts"
import { seenOf } from "./seen.ts"
import type { Result } from "./table.ts"

const size = { cols: 80, rows: 24 }
/** Of the main menu. Not run: double-sized characters (4), keyboard (5), VT52 (7), known bugs (9), reset and self-test (10). */
const menus = [1, 2, 3, 6, 8, 11]
/** Below menu 11: cursor movements, colours and other features of ISO 6429. The rest is of terminals that this one does not claim to be. */
const leftOut = /VT[2-5]\d0 features|XTERM special|Exit|Specify|Keyboard|Soft Char/i

/** Pages that the two terminals differ in, by their names, each with whose fault it is. Menu 11.6.6 repeats menus 1, 2 and 8 with a background. */
const differing: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /^(?:11\.6\.6\.)?1 page [34]:/,
    "132 columns (DECCOLM): nothing happens here, as in xterm by default; tmux clears the screen, and so does xterm once it allows them (mode 40)"
  ],
  [
    /^(?:11\.6\.6\.)?2 page 11:/,
    "tmux's fault: in origin mode, setting a region moves its cursor to the top of the screen, not of the region"
  ],
  [/^3 page 1:/, "tmux's fault: it has no British character set"],
  [/^6\.3 page 1:/, "tmux's fault: its cursor reports ignore origin mode, as the page itself says"],
  [/^6\.5 page 1:/, "no fault: each reports the version of its own kind (DA2)"],
  [/^11\.5\.4 page 1:/, "tmux's fault: it does not know tabs forward (CHT)"],
  [/^11\.5\.[59] page 1:/, "tmux's fault: it does not know relative moves (HPR, VPR)"],
  [
    /^11\.6\.6\.3 page [12]:/,
    "tmux's fault: after inserted and deleted lines (IL, DL) its cursor is not in the first column, as of DEC and xterm"
  ],
  [/^11\.(?:6\.)?7\.[45] page 1:/, "tmux's fault: it does not know scrolling to the left and right (SL, SR)"]
]

export const vttest = async (): Promise<ReadonlyArray<Result>> => {
  for (const program of ["vttest", "tmux"])
    if (spawnSync(program, ["-V"]).error !== undefined)
      return [{ name: "vttest", outcome: "not applicable", why: `${program} is not installed` }]
  await using pair = await Pair.open()
  const walk = new Walk(pair)
  for (const item of menus) await walk.take(String(item), item)
  return walk.results
}

interface Page {
  readonly rows: ReadonlyArray<string>
  readonly isMenu: boolean
  readonly difference: string | null
}

/** Goes through menus and pages, and keeps what came of each. */
class Walk {
  readonly results: Array<Result> = []
  readonly #pair: Pair

  constructor(pair: Pair) {
    this.#pair = pair
  }

  /** One item of the menu that is shown, until that menu is shown again. */
  async take(path: string, item: number): Promise<void> {
    const menu = titleOf((await this.#pair.page()).rows)
    let page = await this.#pair.press(`${item}\r`)
    for (let number = 1; number <= mostPages && !(page.isMenu && titleOf(page.rows) === menu); number++) {
      this.#compared(`${path} page ${number}`, page)
      page = page.isMenu ? await this.#through(path, page) : await this.#pair.press("\r")
    }
  }

  async #through(path: string, { rows }: Page): Promise<Page> {
    for (const [, number, name] of rows.join("\n").matchAll(/^ +(\d+)\. (.+)$/gm))
      if (!leftOut.test(name!)) await this.take(`${path}.${number}`, Number(number))
    return this.#pair.press("0\r")
  }

  #compared(where: string, { difference, rows }: Page): void {
    const name = `${where}: ${
      rows
        .find((row) => /[a-z]{3}/i.test(row))
        ?.trim()
        .slice(0, 60) ?? "without words"
    }`
    const why = differing.find(([pattern]) => pattern.test(name))?.[1]
    if (difference === null) this.results.push({ name, outcome: "passed" })
    else if (why !== undefined) this.results.push({ name, outcome: "not applicable", why })
    else this.results.push({ name, outcome: "failed", why: difference })
  }
}

const mostPages = 60
const titleOf = (rows: ReadonlyArray<string>) => rows.find((row) => row.trim() !== "")?.trim() ?? ""

class Pair implements AsyncDisposable {
  readonly #daemon: TestDaemon
  readonly #id: string
  readonly #person: Person
  readonly #directory: string

  private constructor(daemon: TestDaemon, id: string, person: Person, directory: string) {
    this.#daemon = daemon
    this.#id = id
    this.#person = person
    this.#directory = directory
  }

  static async open(): Promise<Pair> {
    const directory = mkdtempSync(join(tmpdir(), "reprise-vttest-"))
    writeFileSync(join(directory, "tmux.conf"), "set -g status off\nset -g default-terminal xterm-256color\nset -g escape-time 0\n")
    const words = ["vttest", `${size.rows}x${size.cols}.${size.cols}`]
    const daemon = await TestDaemon.started()
    const { id } = await daemon.create(words, { size })
    const person = await Person.attached(daemon, id, size)
    const pair = new Pair(daemon, id, person, directory)
    pair.#tmux("-f", join(directory, "tmux.conf"), "new-session", "-d", "-x", String(size.cols), "-y", String(size.rows), ...words)
    await until("vttest shows its menu", async () => (await pair.page()).isMenu, 30_000)
    return pair
  }

  /** Types the same into both; returns when the next page waits for a key. */
  async press(keys: string): Promise<Page> {
    const before = (await this.#screen()).offset
    this.#person.type(keys)
    this.#tmux("send-keys", "-t", "0", "-l", keys)
    return this.page(before)
  }

  async page(after = -1): Promise<Page> {
    let { offset, rows } = await this.#screen()
    let [still, waited] = [0, 0]
    while (waited < mostMs && !(offset > after && still >= stillMs && (isPrompted(rows) || still >= withoutPromptMs))) {
      await pause(lookMs)
      waited += lookMs
      const now = await this.#screen()
      still = now.offset === offset ? still + lookMs : 0
      ;({ offset, rows } = now)
    }
    let difference = await this.#difference()
    for (let more = 0; difference !== null && more < laterMs; more += 100) {
      await pause(100)
      difference = await this.#difference()
    }
    return { rows, isMenu: rows.some((row) => /Enter choice number/.test(row)), difference }
  }

  /** Null: the session, its attached client and tmux show the same. */
  async #difference(): Promise<string | null> {
    const [own, theirs, drawn] = [await this.#drawn(), this.#tmuxDrawn(), this.#person.screen.styledRows().map(seenOf)]
    // tmux prints no blanks at the end of a row.
    const row = own.findIndex((text, at) => withoutEnd(text) !== withoutEnd(theirs[at]!))
    if (row >= 0) return `row ${row + 1}: ${JSON.stringify(own[row])}, tmux ${JSON.stringify(theirs[row])}`
    const other = own.findIndex((text, at) => text !== drawn[at])
    return other < 0 ? null : `row ${other + 1}: ${JSON.stringify(own[other])}, the attached client ${JSON.stringify(drawn[other])}`
  }

  async #drawn(): Promise<ReadonlyArray<string>> {
    return rowsOf((await this.#daemon.done("GET", `/v1/sessions/${this.#id}/screen?format=ansi`)) as string)
  }

  #tmuxDrawn(): ReadonlyArray<string> {
    const lines = this.#tmux("capture-pane", "-t", "0", "-p", "-e", "-N").split("\n").slice(0, size.rows)
    // It draws lines by its second character set.
    return rowsOf(`\x1b)0${lines.map((line, row) => `\x1b[${row + 1}H${line}`).join("")}`)
  }

  async #screen() {
    const screen = (await this.#daemon.done("GET", `/v1/sessions/${this.#id}/screen?format=json`)) as {
      readonly offset: number
      readonly lines: ReadonlyArray<string>
    }
    return { offset: screen.offset, rows: screen.lines }
  }

  #tmux(...words: ReadonlyArray<string>): string {
    return spawnSync("tmux", ["-S", join(this.#directory, "tmux.sock"), "-u", ...words], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8", TMUX: "" }
    }).stdout
  }

  async [Symbol.asyncDispose]() {
    this.#tmux("kill-server")
    await this.#person[Symbol.asyncDispose]()
    await this.#daemon[Symbol.asyncDispose]()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

const [lookMs, stillMs, withoutPromptMs, mostMs, laterMs] = [50, 300, 4_000, 60_000, 3_000]
const isPrompted = (rows: ReadonlyArray<string>) => rows.some((row) => /Push <RETURN>|Enter choice number/.test(row))

const withoutEnd = (row: string) => row.replace(/(?:\{[\d;:]*\}| )+$/, "")

const rowsOf = (drawing: string): ReadonlyArray<string> => {
  const emulator = new Emulator(size)
  emulator.write(drawing)
  const rows = emulator.styledRows().map(seenOf)
  emulator.dispose()
  return rows
}
