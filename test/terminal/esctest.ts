/** esctest2 as the program of a session: what it asks of its terminal, the daemon answers. Each result is read from its own log. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TestDaemon } from "../support/daemon.ts"
import type { Result } from "./table.ts"

const mostMs = 900_000

export const esctest = async (material: string, include = ".*"): Promise<ReadonlyArray<Result>> => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-esctest-"))
  const log = join(directory, "log")
  await using daemon = await TestDaemon.started()
  const words = ["python3", "-B", join(material, "esctest/esctest.py"), "--expected-terminal", "xterm", "--max-vt-level", "4"]
  const options = ["--timeout", "5", "--xterm-reverse-wrap", "383", "--no-print-logs", "--logfile", log, "--include", include]
  const { id } = await daemon.create([...words, ...options], { cwd: join(material, "esctest"), size: { cols: 80, rows: 25 } })
  await daemon.reaches(id, "ended", ({ state }) => state === "ended", mostMs)
  const explain = explanations(material)
  const results = existsSync(log) ? resultsOf(readFileSync(log, "latin1")).map(explain) : []
  rmSync(directory, { recursive: true, force: true })
  return results
}

const resultsOf = (log: string): ReadonlyArray<Result> =>
  log
    .split(/^.*Run test: /m)
    .slice(1)
    .map((text) => {
      const name = text.slice(0, text.indexOf("\n")).trim()
      if (text.includes("Passed.")) return { name, outcome: "passed" }
      const skipped = /(?:Fails as expected|Skipped because[^:]*): (.*)/.exec(text)
      if (skipped !== null) return { name, outcome: "not applicable", why: skipped[1]!.trim() }
      const lines = text.trim().split("\n")
      return {
        name,
        outcome: "failed",
        why: lines.findLast((line) => /^\w+[\w.]*(?:Exception|Error|Timeout|Response)?:? /.test(line.trim())) ?? lines.at(-1)!
      }
    })

/** What the terminal does not have, and does not claim (DA1: a VT100 with advanced video), by what the text of a test uses. */
const absent: ReadonlyArray<readonly [RegExp, string]> = [
  [/DECLRMM|DECSLRM|InLRM/, "left and right margins (VT420): xterm.js and tmux have none"],
  [/DECCRA|DECFRA|DECERA|DECSERA|DECFI|DECBI|DECSACE/, "rectangles and columns (VT420): xterm.js and tmux have none"],
  [/DECCOLM|MoreFix|Allow80To132/, "132 columns: an agent does not resize a person's terminal"],
  [/DECDSR|DECRQM|DECSCL|DECSASD|DECSSDT|DECSLPP|DECSNLS|GetDA|DA2?\(/, "a device, mode or level that this terminal does not have"],
  [
    /WINOP|SM_Title|RM_Title|GetIconTitle|GetWindowTitle/,
    "moves, resizes or titles of a window that are read back: none of them is an agent's to have"
  ],
  [/CIE|TekHVC|RGBI|SpecialColor/, "special colours, and colour spaces that Xlib knows"],
  [/SPA\(|EPA\(|ISOProtect/, "ISO protection (SPA, EPA): xterm.js and tmux have none"],
  [
    /ReverseWraparound\(/,
    "mode 1045, back over rows that did not wrap: xterm has it since 383, tmux and xterm.js do not; no program was found that asks for it"
  ],
  [
    /XTERM_SAVE|XTERM_RESTORE|XtermSave/,
    "XTSAVE and XTRESTORE: neither this screen nor an attached terminal gets them, nor does tmux know them"
  ],
  [
    /OPT_ALTBUF|ALTBUF/,
    "the other screen is cleared when it is left by 47 too, as in tmux and xterm.js: a client that attaches gets the screen that is shown, and the main one"
  ]
]

export const explanations = (material: string) => {
  const directory = join(material, "esctest/tests")
  const bodies = new Map(
    readdirSync(directory)
      .filter((name) => name.endsWith(".py"))
      .flatMap((name) =>
        readFileSync(join(directory, name), "utf8")
          .split(/^ {2}def /m)
          .slice(1)
          .map((body) => [/^\w+/.exec(body)?.[0] ?? "", body] as const)
      )
  )
  return (result: Result): Result => {
    if (result.outcome !== "failed") return result
    const text = `${result.name}\n${bodies.get(result.name.split(".").at(-1)!) ?? ""}`
    const why = absent.find(([pattern]) => pattern.test(text))?.[1]
    return why === undefined ? result : { ...result, outcome: "not applicable", why }
  }
}
