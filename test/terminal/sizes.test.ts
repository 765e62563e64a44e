import { assert, describe, it } from "@effect/vitest"
import { until } from "../support/daemon.ts"
import { Person } from "./person.ts"
import { seenOf } from "./seen.ts"
import { Stage } from "./stage.ts"

const rowsOf = async (stage: Stage): Promise<ReadonlyArray<string>> => (await stage.lines()).map((line) => line.trimEnd())

/** Waits until the client's terminal shows the session's screen; fails with both. */
const showsTheScreen = async (person: Person, stage: Stage): Promise<void> => {
  let both: readonly [ReadonlyArray<string>, ReadonlyArray<string>] = [[], []]
  await until("the client shows the session's screen", async () => {
    both = [person.screen.styledRows().map((row) => seenOf(row)), await rowsOf(stage)]
    return JSON.stringify(both[0]) === JSON.stringify(both[1])
  }).catch(() => assert.deepStrictEqual(both[0], both[1]))
}

describe("a terminal of another size", () => {
  it("shows the session's screen when it attaches, and when it changes its size itself", async () => {
    await using stage = await Stage.open({ cols: 80, rows: 24 })
    await stage.draw(Buffer.from(Array.from({ length: 24 }, (_, row) => `row ${row + 1} ${"long ".repeat(12)}`).join("\r\n")))
    await using person = await Person.attached(stage.daemon, stage.id, { cols: 30, rows: 10 })
    await stage.has({ cols: 30, rows: 10 })
    await showsTheScreen(person, stage)
    for (const size of [
      { cols: 70, rows: 12 },
      { cols: 20, rows: 40 },
      { cols: 100, rows: 5 }
    ]) {
      person.resize(size)
      await stage.has(size)
      await showsTheScreen(person, stage)
    }
  })

  it("is the size of a session that has printed nothing yet", async () => {
    await using stage = await Stage.open({ cols: 80, rows: 24 })
    assert.deepStrictEqual(
      await stage.lines(),
      Array.from({ length: 24 }, () => "")
    )
    await using _person = await Person.attached(stage.daemon, stage.id, { cols: 30, rows: 10 })
    await stage.has({ cols: 30, rows: 10 })
  })
})
