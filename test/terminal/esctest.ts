/** esctest2 as the program of a session: what it asks of its terminal, the daemon answers. Each result is read from its own log. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
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
  const options = ["--timeout", "3", "--no-print-logs", "--logfile", log, "--include", include]
  const { id } = await daemon.create([...words, ...options], { cwd: join(material, "esctest"), size: { cols: 80, rows: 25 } })
  await daemon.reaches(id, "ended", ({ state }) => state === "ended", mostMs)
  const results = existsSync(log) ? resultsOf(readFileSync(log, "latin1")) : []
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
