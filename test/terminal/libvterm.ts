/**
 * The tests of libvterm, as far as a screen can be asked: what is pushed is printed by a session, and cursor, rows, cells and answers are
 * compared. What libvterm's own callbacks are asked for (glyphs as they are put, rectangles as they move) has no counterpart.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Stage } from "./stage.ts"
import type { Result } from "./table.ts"

const size = { cols: 80, rows: 25 }
/** Files about what no client of a screen can see. */
const leftOut: Readonly<Record<string, string>> = {
  "02parser": "asks the parser, not the screen",
  "25state_input": "asks how keys are encoded: the daemon does it in src/http/keys.ts, for which test/http/keys.test.ts stands",
  "29state_fallback": "asks what an application that embeds libvterm is told",
  "62screen_damage": "asks which rectangles are to be painted again"
}

/** Parts of files that terminals differ in, or that ask for what no client of a screen has. */
const differing: ReadonlyArray<readonly [RegExp, string]> = [
  [/Position Backward/, "HPB and VPB: xterm and tmux have neither"],
  [/DECSLRM/, "left and right margins (VT420): xterm.js and tmux have none"],
  [/13state_edit: IL$/, "lines are inserted in the first column by DEC and xterm; libvterm leaves the cursor where it is"],
  [/DECRQSS on DECSCA/, "2 and 0 mean the same"],
  [/17state_mouse|92lp1640917/, "moves the mouse of the application that embeds libvterm; an attached terminal encodes its own"],
  [/26state_query: DECRQSS on SGR/, "the answer begins with 0 and has semicolons, as xterm's"],
  [/S8C1T/, "answers are never in eight bits"],
  [/28state_dbl_wh|67screen_dbl_wh/, "lines of double width: xterm.js and tmux have none"],
  [/63screen_resize/, "which rows stay is each terminal's own: xterm.js and tmux drop those below the cursor first"]
]

export const libvterm = async (material: string): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  await using stage = await Stage.open(size)
  const names = readdirSync(join(material, "t")).filter((name) => name.endsWith(".test"))
  for (const file of names.toSorted()) {
    const name = file.slice(0, -5)
    const why = leftOut[name]
    if (why !== undefined) results.push({ name, outcome: "not applicable", why })
    else results.push(...(await runFile(stage, name, readFileSync(join(material, "t", file), "utf8"))))
  }
  return results
}

/** One result for each titled part of a file. */
const runFile = async (stage: Stage, file: string, text: string): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  let title = ""
  let faults: Array<string> = []
  let asked = 0
  const end = () => {
    const name = `${file}: ${title}`
    const why = differing.find(([pattern]) => pattern.test(name))?.[1]
    if (faults.length > 0 && why !== undefined) results.push({ name, outcome: "not applicable", why })
    else if (title !== "" && asked > 0) results.push({ name, outcome: faults.length > 0 ? "failed" : "passed", why: faults.join("; ") })
    else if (title !== "") results.push({ name, outcome: "not applicable", why: "asks libvterm's callbacks alone" })
  }
  await stage.resize(size)
  await stage.draw(Buffer.from("\x18\x1bc"))
  for (const line of expanded(text)) {
    if (line.startsWith("!")) {
      end()
      ;[title, faults, asked] = [line.slice(1), [], 0]
      continue
    }
    const fault = await runLine(stage, line)
    if (fault === null) continue
    asked += 1
    if (fault !== "") faults.push(fault)
  }
  end()
  return results
}

/** `$SEQ 1 3: …` and `$REP 3: …` are lines several times. */
const expanded = (text: string): ReadonlyArray<string> =>
  text.split("\n").flatMap((raw) => {
    const line = raw.trim()
    if (line === "" || line.startsWith("#")) return []
    const many = /^\$SEQ\s+(\d+)\s+(\d+):\s*(.*)$/.exec(line)
    if (many !== null)
      return Array.from({ length: Number(many[2]) - Number(many[1]) + 1 }, (_, at) =>
        many[3]!.replaceAll("\\#", String(Number(many[1]) + at))
      )
    const again = /^\$REP\s+(\d+):\s*(.*)$/.exec(line)
    return again === null ? [line] : Array.from({ length: Number(again[1]) }, () => again[2]!)
  })

/** Null: asks nothing, or nothing that a screen knows. Empty: holds. */
const runLine = async (stage: Stage, line: string): Promise<string | null> => {
  const push = /^PUSH (.*)$/.exec(line)
  if (push !== null) return stage.draw(perl(push[1]!)).then(() => null)
  if (line === "RESET") return stage.draw(Buffer.from("\x18\x1bc")).then(() => null)
  const resize = /^RESIZE (\d+),(\d+)/.exec(line)
  if (resize !== null) return stage.resize({ rows: Number(resize[1]), cols: Number(resize[2]) }).then(() => null)
  const cursor = /^(?:\?cursor = |movecursor )(\d+),(\d+)$/.exec(line)
  if (cursor !== null) {
    const { x, y } = await stage.cursor()
    // Behind the last column libvterm's cursor stands in it.
    const [row, col] = [Number(cursor[1]), Number(cursor[2])]
    return y === row && (x === col || x === col + 1) && (x === col || (await stage.isAtEdge())) ? "" : `${line}: the cursor is at ${y},${x}`
  }
  const row = /^\?screen_row\s+(\d+)\s*=\s*(.*)$/.exec(line)
  if (row !== null) {
    const drawn = (await stage.lines())[Number(row[1])] ?? ""
    const wanted = perl(row[2]!).toString("utf8")
    return drawn.trimEnd() === wanted.trimEnd() ? "" : `${line}: ${JSON.stringify(drawn)}`
  }
  const chars = /^\?screen_chars\s+(\d+),(\d+),(\d+),(\d+)\s*=\s*(.*)$/.exec(line)
  if (chars !== null && Number(chars[3]) === Number(chars[1]) + 1 && chars[2] === "0") {
    const drawn = ((await stage.lines())[Number(chars[1])] ?? "").trimEnd()
    const wanted = chars[5] === "" ? "" : String.fromCodePoint(...chars[5]!.split(",").map(Number)).trimEnd()
    return drawn.slice(0, Math.max(wanted.length, chars[4] === "80" ? drawn.length : 0)) === wanted
      ? ""
      : `${line}: ${JSON.stringify(drawn)}`
  }
  const output = /^output (.*)$/.exec(line)
  if (output !== null) {
    const wanted = perl(output[1]!)
    const said = await stage.answers(wanted.length)
    return said.equals(wanted) ? "" : `${line}: ${JSON.stringify(said.toString("latin1"))}`
  }
  return null
}

/** Strings as these files write them: quotes, escapes, `x` for repetition, `.` between. */
const perl = (text: string): Buffer =>
  Buffer.concat(
    [...text.matchAll(/"((?:[^"\\]|\\.)*)"(?:\s*x\s*(\d+))?/g)].map(([, body = "", times = "1"]) =>
      Buffer.from(
        body
          .replaceAll(/\\x\{([0-9A-Fa-f]+)\}/g, (_, code: string) =>
            Buffer.from(String.fromCodePoint(Number.parseInt(code, 16))).toString("latin1")
          )
          .replaceAll(/\\x([0-9A-Fa-f]{1,2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
          .replaceAll(/\\([enrtba0$"\\@])/g, (_, letter: string) => escapes[letter] ?? letter)
          .repeat(Number(times)),
        "latin1"
      )
    )
  )
const escapes: Readonly<Record<string, string>> = { e: "\x1b", n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07", 0: "\0" }
