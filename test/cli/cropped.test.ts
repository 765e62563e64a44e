/** What `reprise attach` shows in a terminal whose size is not the session's: the part of the screen that it has room for. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { until } from "../support/daemon.ts"
import { Stage } from "../terminal/stage.ts"
import { executable, Terminal } from "./support.ts"

/** As wide as the screen, and long lines that wrap at its edge alone. */
const screenful = (rows: number, cols: number): Buffer =>
  Buffer.from(
    `\x1b[2J\x1b[H${Array.from({ length: rows }, (_, row) => `${row + 1}|`.padEnd(cols, "abcdefghi|")).join("")}\x1b[1;2H\x1b[44mtop 字 left\x1b[m`
  )

const croppedRows = async (stage: Stage, cols: number, rows: number): Promise<ReadonlyArray<string>> => {
  const lines = await stage.lines()
  return Array.from({ length: rows }, (_, row) =>
    [...(lines[row] ?? "")]
      .slice(0, cols - (/字/.test(lines[row] ?? "") ? 1 : 0))
      .join("")
      .trimEnd()
  )
}

const alike = async (what: string, shown: () => ReadonlyArray<string>, wanted: () => Promise<ReadonlyArray<string>>) => {
  let both: readonly [ReadonlyArray<string>, ReadonlyArray<string>] = [[], []]
  await until(
    what,
    async () => {
      both = [shown(), await wanted()]
      return JSON.stringify(both[0]) === JSON.stringify(both[1])
    },
    30_000
  ).catch(() => assert.deepStrictEqual(both[0], both[1]))
}

describe("a terminal that is not of the session's size", () => {
  it("shows the part that it has room for, as it changes, and more when it is enlarged", { timeout: 180_000 }, async () => {
    await using stage = await Stage.open({ cols: 100, rows: 30 })
    await stage.draw(screenful(30, 100))
    using shown = new Terminal(stage.daemon.home, `$REPRISE attach --view ${stage.id}`, { cols: 60, rows: 10 })
    await alike(
      "the crop is drawn",
      () => shown.rows,
      () => croppedRows(stage, 60, 10)
    )
    await stage.draw(Buffer.from("\x1b[5;1Hchanged\x1b[2;1H"))
    await alike(
      "the change is drawn",
      () => shown.rows,
      () => croppedRows(stage, 60, 10)
    )
    for (const [cols, rows] of [
      [120, 40],
      [100, 30],
      [20, 4]
    ] as const) {
      shown.resize(cols, rows)
      await alike(
        `the crop of ${cols} columns is drawn`,
        () => shown.rows,
        () => croppedRows(stage, cols, rows)
      )
    }
    assert.strictEqual((await stage.daemon.session(stage.id)).size.cols, 100)
    shown.type("\x1cd")
    await until("it has left", () => shown.text.includes("code=0"))
  })

  it("shows the rows where the cursor is", { timeout: 120_000 }, async () => {
    await using stage = await Stage.open({ cols: 80, rows: 24 })
    await stage.draw(Buffer.from(`${Array.from({ length: 60 }, (_, line) => `line ${line + 1}`).join("\r\n")}\r\n$ `))
    using shown = new Terminal(stage.daemon.home, `$REPRISE attach --view ${stage.id}`, { cols: 40, rows: 6 })
    await alike(
      "the last rows are drawn",
      () => shown.rows,
      async () => ["line 56", "line 57", "line 58", "line 59", "line 60", "$"]
    )
  })

  it.skipIf(spawnSync("tmux", ["-V"]).status !== 0)("shows in a pane of tmux what fits in the pane", { timeout: 120_000 }, async () => {
    await using stage = await Stage.open({ cols: 100, rows: 30 })
    await stage.draw(screenful(30, 100))
    const directory = mkdtempSync(join(tmpdir(), "reprise-pane-"))
    const tmux = (...words: ReadonlyArray<string>) =>
      execFileSync("tmux", ["-S", join(directory, "socket"), "-f", "/dev/null", "-u", ...words], {
        encoding: "utf8",
        env: { ...process.env, REPRISE_HOME: stage.daemon.home, LC_ALL: "C.UTF-8", TMUX: "" }
      })
    const rowsOf = () => tmux("capture-pane", "-p").split("\n").slice(0, -1)
    try {
      tmux("new-session", "-d", "-x", "50", "-y", "12", `${process.execPath} ${executable} attach --view ${stage.id}`)
      tmux("set", "-g", "status", "off")
      tmux("resize-window", "-x", "50", "-y", "12")
      await alike(
        "the crop is drawn",
        () => rowsOf().map((row) => row.trimEnd()),
        () => croppedRows(stage, 50, 12)
      )
      await stage.draw(Buffer.from("\x1b[3;3Hnew words\x1b[1;1H"))
      await alike(
        "the change is drawn",
        () => rowsOf().map((row) => row.trimEnd()),
        () => croppedRows(stage, 50, 12)
      )
    } finally {
      spawnSync("tmux", ["-S", join(directory, "socket"), "kill-server"])
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it("shows a larger controlling client what wraps at the edge of the smaller one's terminal", { timeout: 120_000 }, async () => {
    await using stage = await Stage.open({ cols: 80, rows: 24 })
    using small = new Terminal(stage.daemon.home, `$REPRISE attach ${stage.id}`, { cols: 30, rows: 10 })
    await stage.has({ cols: 30, rows: 10 })
    using large = new Terminal(stage.daemon.home, `$REPRISE attach ${stage.id}`, { cols: 60, rows: 20 })
    await until("both are attached", async () => (await stage.daemon.session(stage.id)).clients === 2)
    await stage.draw(Buffer.from(`\x1b[2J\x1b[H${"word ".repeat(30)}\r\nlast`))
    await alike(
      "the smaller shows the screen",
      () => small.rows,
      () => croppedRows(stage, 30, 10)
    )
    await alike(
      "the larger shows the same rows",
      () => large.rows,
      () => croppedRows(stage, 60, 20)
    )
    small.type("\x1cd")
    await stage.has({ cols: 60, rows: 20 })
    await stage.draw(Buffer.from(`\x1b[2J\x1b[H${"word ".repeat(30)}\r\nlast`))
    await alike(
      "the larger is the only one",
      () => large.rows,
      () => croppedRows(stage, 60, 20)
    )
  })
})
