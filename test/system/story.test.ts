/** The guide's story of a crash, through the commands that it shows: run as they stand, each says what stands below it. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { TestDaemon } from "../support/daemon.ts"

const root = join(import.meta.dirname, "../..")

interface Told {
  readonly command: string
  readonly says: string
}

const story = (): ReadonlyArray<Told> => {
  const guide = readFileSync(join(root, "docs/guide.md"), "utf8")
  const section = guide.slice(guide.indexOf("### From a crash to a regression test"))
  const block = /```console\n([\s\S]*?)```/.exec(section)?.[1] ?? ""
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((each) => ({ command: each.slice(0, each.indexOf("\n")), says: each.slice(each.indexOf("\n") + 1) }))
}

/** What differs from run to run: names, times, chance. */
const plain = (text: string) =>
  text
    .replaceAll(/\bs-[0-9a-z]{12}\b/g, "SESSION")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/\brelaunch (\d+) (?:in \d+s|now)/g, "relaunch $1 SOON")
    .replaceAll(/\b\d{3,}\b/g, "N")
    .replaceAll(/[ \t]+$/gm, "")
    .trim()

/** Runs the commands in a daemon of their own, and compares what each prints. */
const follow = async () => {
  await using daemon = await TestDaemon.started()
  const checkout = mkdtempSync(join(tmpdir(), "reprise-story-"))
  try {
    for (const { command, says } of story()) {
      const reprise = `reprise() { "${process.execPath}" "${join(root, "bin/reprise.js")}" "$@"; }`
      const env = { ...process.env, REPRISE_HOME: daemon.home, NO_COLOR: "1" }
      const { status, stderr, stdout } = spawnSync("bash", ["-c", `${reprise}\n${command}`], { cwd: checkout, env, encoding: "utf8" })
      // Jitter may be of one or two digits, and none at all.
      assert.strictEqual(
        plain(stdout).replaceAll(/jitterMs: .*/g, ""),
        plain(says).replaceAll(/jitterMs: .*/g, ""),
        `${command}\n${stderr}`
      )
      assert.include([0, 1], status, command)
    }
  } finally {
    rmSync(checkout, { recursive: true, force: true })
  }
}

/** The relaunch comes three seconds after the crash: on a busy machine it overtakes the commands. */
const attempts = 6

describe("the guide's story of a crash", () => {
  it("is true to the letter", async () => {
    assert.isAtLeast(story().length, 8)
    for (let attempt = 1; ; attempt++) {
      const failure = await follow().catch((cause: unknown) => cause)
      if (failure === undefined) return
      if (attempt === attempts) throw failure
    }
  }, 300_000)
})
