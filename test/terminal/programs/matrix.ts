/** Full-screen programs in sessions that are resized, left, attached to at other sizes and orphaned: what they show equals what an undisturbed twin shows. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { Drawable } from "../../../src/domain/terminal/drawable.ts"
import { outputDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { indexRecords } from "../../../src/infra/output/index-reader.ts"
import { Emulator } from "../../../src/infra/screens/emulator.ts"
import { until as soon, TestDaemon } from "../../support/daemon.ts"
import { Person } from "../person.ts"
import { seenOf } from "../seen.ts"
import type { Size } from "../stage.ts"
import type { Result } from "../table.ts"
import { furnish } from "./files.ts"

export interface Step {
  readonly keys?: string
  /** Keys by their names, spelled as the program has asked for them. */
  readonly press?: ReadonlyArray<string>
  /** What the screen shows before the next step. */
  readonly shows: RegExp
}

export interface Program {
  readonly name: string
  /** The first word is the executable. */
  readonly version: ReadonlyArray<string>
  readonly command: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Absent: it is ended with its session. */
  readonly ends?: ReadonlyArray<string>
  readonly starts: RegExp
  readonly before: ReadonlyArray<Step>
  readonly after: ReadonlyArray<Step>
  /** What it draws is another thing each time: its twin is a terminal that draws all of its output without a disturbance. */
  readonly isRandom?: true
  /** Cells that are of no screen but of the world (a clock, free space). */
  readonly masked?: { readonly why: string; readonly cells: RegExp }
}

export const programs = async (all: ReadonlyArray<Program>): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  await using disturbed = await TestDaemon.started()
  await using calm = await TestDaemon.started()
  for (const program of all) {
    const version = versionOf(program)
    if (version === null) {
      results.push({ name: program.name, outcome: "not applicable", why: `${program.version[0]} is not installed` })
      continue
    }
    const name = `${program.name} (${version})`
    try {
      await compare(program, disturbed, calm)
      results.push({ name, outcome: "passed" })
    } catch (error) {
      results.push({ name, outcome: "failed", why: (error as Error).message })
    }
  }
  return results
}

/** The first line with a figure; null: not installed. */
export const versionOf = ({ version: [program = "", ...words] }: Program): string | null => {
  try {
    const said = execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 })
    return /\d+(?:\.\d+)*[a-z]?(?=[^\d.]|$)/.exec(said.split("\n").find((line) => /\d/.test(line)) ?? "")?.[0] ?? "?"
  } catch {
    return null
  }
}

/** Programs start slowly on a busy machine. */
const until: typeof soon = (what, look) => soon(what, look, 60_000)

const born = { cols: 80, rows: 24 }
const last = { cols: 100, rows: 30 }

const compare = async (program: Program, disturbed: TestDaemon, calm: TestDaemon): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-programs-"))
  try {
    const one = await Play.of(program, disturbed, born, join(directory, "one"))
    const twin = program.isRandom ? null : await Play.of(program, calm, last, join(directory, "two"))
    const step = (each: Step) => Promise.all([one.step(each), twin?.step(each)])
    for (const each of program.before) await step(each)
    await disturb(one, program, disturbed)
    await using person = await Person.attached(disturbed, one.id, last)
    await one.has(last)
    for (const each of program.after) await step(each)
    if (twin === null) await one.rests()
    await same(
      "the disturbed session and its twin",
      () => one.seen(),
      () => twin?.seen() ?? one.replayed()
    )
    await same(
      "the attached client and the session",
      () => one.seenBy(person),
      () => one.seen()
    )
    await Promise.all([one.end(), twin?.end()])
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Ends without a client, another size, and a daemon that was killed meanwhile. */
const disturb = async (play: Play, program: Program, daemon: TestDaemon): Promise<void> => {
  await daemon.done("POST", `/v1/sessions/${play.id}/resize`, { cols: 110, rows: 35 })
  await play.has({ cols: 110, rows: 35 })
  {
    await using first = await Person.attached(daemon, play.id, { cols: 90, rows: 26 })
    await play.has({ cols: 90, rows: 26 })
    await using _viewer = await Person.attached(daemon, play.id, { cols: 40, rows: 10 }, "view")
    if (!program.isRandom)
      await same(
        "the attached client and the session",
        () => play.seenBy(first),
        () => play.seen()
      )
  }
  const second = await Person.attached(daemon, play.id, { cols: 60, rows: 18 })
  await play.has({ cols: 60, rows: 18 })
  // A question that comes while no daemon is there stays without an answer, and irb would wait for it.
  if (!program.isRandom) await play.rests()
  await daemon.kill()
  await until("the connection is lost", () => second.isClosed)
  await second[Symbol.asyncDispose]()
  await daemon.start()
  await play.has({ cols: 60, rows: 18 })
}

/** Waits until both are alike; fails with the first row that differs. */
const same = async (what: string, one: () => Promise<string>, other: () => Promise<string>): Promise<void> => {
  let [mine, theirs] = ["", ""]
  const isAlike = async () => {
    ;[mine, theirs] = await Promise.all([one(), other()])
    return mine === theirs
  }
  await until(what, isAlike).catch(() => {
    const [left, right] = [mine.split("\n"), theirs.split("\n")]
    const row = left.findIndex((text, at) => text !== right[at])
    throw new Error(
      `${what} differ in row ${row + 1}: ${JSON.stringify(left[row])}, ${JSON.stringify(right[row])}${process.env.SHOW ? `\n${mine}\n=====\n${theirs}` : ""}`
    )
  })
}

/** One session in which the program runs. */
class Play {
  readonly id: string
  readonly #daemon: TestDaemon
  readonly #program: Program
  readonly #directory: string

  private constructor(id: string, daemon: TestDaemon, program: Program, directory: string) {
    this.id = id
    this.#daemon = daemon
    this.#program = program
    this.#directory = directory
  }

  static async of(program: Program, daemon: TestDaemon, size: Size, directory: string): Promise<Play> {
    mkdirSync(directory)
    furnish(directory)
    const env = { HOME: directory, LC_ALL: "C.UTF-8", LANG: "C.UTF-8", TZ: "UTC", PAGER: "less", EDITOR: "vi", ...program.env }
    const { id } = await daemon.create(program.command, { cwd: directory, env, size })
    const play = new Play(id, daemon, program, directory)
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await play.shows(program.starts)
    return play
  }

  async step({ keys, press, shows }: Step): Promise<void> {
    await this.#daemon.done("POST", `/v1/sessions/${this.id}/input`, { ...(press === undefined ? { text: keys } : { keys: press }) })
    await this.shows(shows)
  }

  async shows(wanted: RegExp): Promise<void> {
    let lines: ReadonlyArray<string> = []
    await until(`${this.#program.name} shows ${wanted}`, async () => {
      lines = (await this.#screen()).lines
      return wanted.test(lines.join("\n"))
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(lines)}`)
    })
  }

  async has({ cols, rows }: Size): Promise<void> {
    await until(`the session has ${cols} columns and ${rows} rows`, async () => {
      const screen = await this.#screen()
      return screen.cols === cols && screen.rows === rows
    })
  }

  /** Returns when it has printed nothing for a while. */
  async rests(): Promise<void> {
    let [before, same] = [-1, 0]
    await until(`${this.#program.name} rests`, async () => {
      const { offset } = await this.#screen()
      same = offset === before ? same + 1 : 0
      before = offset
      return same > 30
    })
  }

  /** All rows with their attributes, masked, and a last line with the rest. */
  async seen(): Promise<string> {
    const { cols, rows } = await this.#screen()
    const emulator = new Emulator({ cols, rows })
    emulator.write((await this.#daemon.done("GET", `/v1/sessions/${this.id}/screen?format=ansi`)) as string)
    return this.#described(emulator)
  }

  async seenBy(person: Person): Promise<string> {
    return this.#described(person.screen, false)
  }

  /** What an undisturbed terminal shows of its whole output, each resize at its byte. */
  async replayed(): Promise<string> {
    const resizes = await Effect.runPromise(
      Stream.runCollect(indexRecords(outputDirectory(this.#daemon.home, this.id), 0)).pipe(
        Effect.map((records) => records.filter((record) => record.kind === "resize"))
      )
    )
    const answer = await fetch(`${this.#daemon.url}/v1/sessions/${this.id}/output?from=0`, {
      headers: { authorization: `Bearer ${this.#daemon.token}` }
    })
    const output = Buffer.from(await answer.arrayBuffer())
    const [emulator, drawable] = [new Emulator(born), new Drawable(born)]
    let at = 0
    for (const { cols, offset, rows } of [...resizes, { ...last, offset: output.length }]) {
      for (const { bytes } of drawable.push(output.subarray(at, offset))) emulator.write(bytes)
      for (const each of [emulator, drawable]) each.resize({ cols, rows })
      at = offset
    }
    return this.#described(emulator)
  }

  #described(emulator: Emulator, isOwn = true): string {
    const { altScreen, cols, cursor, rows } = emulator.picture()
    const seen = emulator.styledRows().map((row) => this.masked(seenOf(row)))
    if (isOwn) emulator.dispose()
    return [...seen, JSON.stringify({ altScreen, cols, cursor, rows })].join("\n")
  }

  readonly masked = (row: string): string => {
    const placed = row.replaceAll(this.#directory, "<directory>")
    const cells = this.#program.masked?.cells
    return cells === undefined ? placed : placed.replace(cells, (found) => (found.includes(";5;") ? "#" : "#".repeat(found.length)))
  }

  async end(): Promise<void> {
    const { ends } = this.#program
    if (ends !== undefined)
      execFileSync(ends[0]!, ends.slice(1), { cwd: this.#directory, env: { ...process.env, HOME: this.#directory }, stdio: "ignore" })
    await this.#daemon.ask("POST", `/v1/sessions/${this.id}/kill`, {})
    await this.#daemon.reaches(this.id, "ended", ({ state }) => state === "ended" || state === "terminated")
  }

  async #screen() {
    return (await this.#daemon.done("GET", `/v1/sessions/${this.id}/screen?format=json`)) as {
      readonly offset: number
      readonly cols: number
      readonly rows: number
      readonly altScreen: boolean
      readonly lines: ReadonlyArray<string>
      readonly cursor: { readonly x: number; readonly y: number }
    }
  }
}
