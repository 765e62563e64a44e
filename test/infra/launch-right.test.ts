import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { workingDirectory } from "../../src/infra/holder/process-table.ts"
import { standingOf, takeRight } from "../../src/infra/runtimes/launch-right.ts"
import { until } from "../support/daemon.ts"

const home = mkdtempSync(join(tmpdir(), "reprise-right-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
/** Later than a launch needs from its directory to its holder. */
const later = () => Date.now() + 60_000

describe("the right to launch", () => {
  it("is had once", () => {
    const directory = join(home, "once")
    mkdirSync(directory, { recursive: true })
    assert.deepStrictEqual([takeRight(join(directory, "g1")), takeRight(join(directory, "g1"))], [true, false])
  })

  it("stays with a launch whose holder runs in its directory and has not claimed it yet", async () => {
    const directory = join(home, "late/g1")
    mkdirSync(directory, { recursive: true })
    assert.strictEqual(standingOf(directory, later()), "deserted")
    const holder = spawn("sleep", ["60"], { cwd: directory, stdio: "ignore" })
    try {
      await until("it works there", () => workingDirectory(holder.pid!) === realpathSync(directory))
      assert.strictEqual(standingOf(directory, later()), "under_way")
    } finally {
      holder.kill("SIGKILL")
    }
    await until("it has gone", () => standingOf(directory, later()) === "deserted")
  })
})
