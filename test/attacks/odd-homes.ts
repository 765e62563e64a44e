/** Attacks of the machine by the names of homes: each works in every part, from the launch to the report of an agent, or is one sentence. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Pty from "node-pty"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const executable = join(import.meta.dirname, "../../bin/reprise.js")

/** How a home is given, below a folder of its own. */
const homes: ReadonlyArray<readonly [does: string, place: (folder: string) => string]> = [
  ["with spaces", (folder) => join(folder, "sp ace  s")],
  ["with letters beyond ASCII", (folder) => join(folder, "jörg-日本-🦜")],
  ["with a colon", (folder) => join(folder, "col:on")],
  ["with a hash", (folder) => join(folder, "ha#sh")],
  ["with a percent sign", (folder) => join(folder, "per%20cent%zz")],
  ["with a question mark", (folder) => join(folder, "what?x=1")],
  ["with quotes", (folder) => join(folder, `it's "quoted"`)],
  ["with a backslash", (folder) => join(folder, "back\\slash")],
  ["with a newline", (folder) => join(folder, "two\nlines")],
  ["with what a shell expands", (folder) => join(folder, "$(touch x)`id`;&*")],
  ["with a leading dash", (folder) => join(folder, "-rf")],
  ["whose sockets' paths are longer than an address holds", (folder) => join(folder, "l".repeat(120), "m".repeat(120))],
  ["with a slash at the end", (folder) => `${join(folder, "slash")}/`],
  [
    "by a link",
    (folder) => {
      mkdirSync(join(folder, "there"), { mode: 0o700 })
      symlinkSync(join(folder, "there"), join(folder, "link"))
      return join(folder, "link")
    }
  ]
]

/** Launched, attached to, reported of by the agent, stopped. */
const worksIn = async (folder: string, home: string): Promise<string> => {
  const daemon = new TestDaemon(home)
  const reprise = (...words: ReadonlyArray<string>) =>
    spawnSync(process.execPath, [executable, ...words], { encoding: "utf8", timeout: 60_000, env: { ...process.env, REPRISE_HOME: home } })
  try {
    await daemon.start({ TMPDIR: folder })
    const report = `"${process.execPath}" "${executable}" report --phase odd; echo reported-$?; exec sleep 1000`
    const made = reprise("run", "--detach", "--cwd", folder, "sh", "-c", `echo ready-$((40+2)); ${report}`)
    if (made.status !== 0) throw new Error(`run: ${made.stderr}`)
    const id = made.stdout.trim()
    let shown = ""
    const terminal = Pty.spawn(process.execPath, [executable, "attach", id], { env: { ...process.env, REPRISE_HOME: home } })
    terminal.onData((text) => {
      shown += text
    })
    const left = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)))
    await until(`attach shows the session: ${shown}`, () => shown.includes("ready-42") && shown.includes("reported-"))
    if (!shown.includes("reported-0")) throw new Error(`report: ${shown}`)
    terminal.write("\x1cd")
    if ((await left) !== 0) throw new Error(`attach: ${shown}`)
    const stopped = reprise("stop", id)
    if (stopped.status !== 0) throw new Error(`stop: ${stopped.stderr}`)
    return "run, attach, report and stop work"
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
}

export const oddHomes: ReadonlyArray<Attack> = homes.map(([does, place], index) => ({
  id: `odd-homes-${String(index + 1).padStart(2, "0")}`,
  attacker: "machine",
  does: `gives a home ${does}`,
  promise: "works in it: run, attach, a report of the agent, stop",
  isAlone: true,
  isLong: !does.match(/spaces|hash|newline|longer/),
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "odd-"))
    try {
      return await worksIn(folder, place(folder))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}))
