/** Attacks of the machine by files and words that a command meets at its start: each is one sentence that says what to do. */
import { spawnSync } from "node:child_process"
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Attack } from "./attack.ts"
import { refusalOf } from "./refusals.ts"

const executable = join(import.meta.dirname, "../../bin/reprise.js")

const reprise = (home: string, ...words: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [executable, ...words], { encoding: "utf8", timeout: 60_000, env: { ...process.env, REPRISE_HOME: home } })

/** The sentence of a command that fails. Throws where it says more, or something else. */
const sentence = (home: string, code: number, says: RegExp, ...words: ReadonlyArray<string>): string => {
  const { status, stderr } = reprise(home, ...words)
  const lines = stderr.trim().split("\n")
  if (status !== code || lines.length !== 1 || !says.test(lines[0]!)) throw new Error(`${status}: ${stderr}`)
  return lines[0]!.replaceAll(home, "HOME")
}

const token = (id: string, does: string, text: string, code: number, says: RegExp): Attack => ({
  id,
  attacker: "machine",
  does,
  promise: "says which file is wrong and what to do",
  isAlone: true,
  run: async () => {
    const { TestDaemon } = await import("../support/daemon.ts")
    await using daemon = await TestDaemon.started()
    writeFileSync(join(daemon.home, "token"), text)
    return sentence(daemon.home, code, says, "ls")
  }
})

const inFolder = async (run: (home: string) => Promise<string> | string) => {
  const home = mkdtempSync(join(tmpdir(), "reprise-sentence-"))
  try {
    return await run(home)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

export const sentences: ReadonlyArray<Attack> = [
  token(
    "sentence-01",
    "replaces the token by another while the daemon runs",
    `${"0".repeat(64)}\n`,
    1,
    /does not take the token in .*\/token: .*restart the daemon$/
  ),
  token("sentence-02", "replaces the token by what no header can hold", "to\nken\u0001é\n", 5, /\/token holds no token/),
  token("sentence-03", "empties the token while the daemon runs", "", 5, /\/token holds no token/),
  {
    id: "sentence-04",
    attacker: "machine",
    does: "passes an empty directory to `run --cwd`",
    promise: "says that it is empty, and starts nothing",
    run: async ({ daemon }) => sentence(daemon.home, 2, /--cwd is empty/, "run", "--detach", "--cwd", "", "true")
  },
  {
    id: "sentence-05",
    attacker: "machine",
    does: "puts a directory at reprise.sock",
    promise: "refuses the start in a sentence that names it",
    isAlone: true,
    run: () =>
      inFolder(async (home) => {
        mkdirSync(join(home, "reprise.sock", "full"), { recursive: true })
        const said = await refusalOf(home)
        if (!/reprise\.sock/.test(said) || !/directory|EISDIR/.test(said)) throw new Error(said)
        return said
      })
  },
  {
    id: "sentence-06",
    attacker: "machine",
    does: "starts a daemon by `run --start` where an earlier start has failed for another reason",
    promise: "prints what the new start said, and nothing of the earlier one",
    isAlone: true,
    run: () =>
      inFolder((home) => {
        appendFileSync(join(home, "daemon.log"), "the earlier start failed\n")
        mkdirSync(join(home, "reprise.db"))
        const { status, stderr } = reprise(home, "run", "--start", "--detach", "true")
        if (status !== 1 || stderr.includes("the earlier start failed") || !stderr.includes("reprise.db"))
          throw new Error(`${status}: ${stderr}`)
        return "one attempt"
      })
  }
]
