/** Keys that went with a connection: nothing is typed behind them until Enter alone says that their person has seen it. */
import { assert, describe, it } from "@effect/vitest"
import { MissedKeys } from "../../src/cli/terminal/missed-keys.ts"

const keys = (text: string) => Buffer.from(text)

describe("keys of a lost connection", () => {
  it("keep what is typed behind them from the agent, until Enter alone comes after a pause", () => {
    const missed = new MissedKeys()
    assert.strictEqual(missed.typed(keys("a"), true, 0), "pass")
    missed.answered()
    missed.lost()
    assert.strictEqual(missed.typed(keys("b"), false, 100), "dropped")
    assert.strictEqual(missed.typed(keys("c"), true, 200), "dropped")
    assert.strictEqual(missed.typed(keys("\r"), true, 300), "dropped")
    assert.strictEqual(missed.typed(keys("d\r"), true, 2_000), "dropped")
    assert.strictEqual(missed.count, 5)
    assert.strictEqual(missed.typed(keys("\r"), true, 3_000), "goOn")
    assert.strictEqual(missed.typed(keys("e"), true, 3_001), "pass")
  })

  it("are those too that the daemon has not answered, as one that was stopped before it ended", () => {
    const missed = new MissedKeys()
    missed.typed(keys("ab"), true, 0)
    missed.lost()
    assert.strictEqual(missed.count, 2)
    assert.strictEqual(missed.typed(keys("\x1b[13u"), true, 1_000), "goOn")
  })

  it("keep no ctrl-c from the agent, which ends the wait", () => {
    const missed = new MissedKeys()
    missed.typed(keys("a"), false, 0)
    assert.strictEqual(missed.typed(keys("\x03"), true, 10), "pass")
    assert.strictEqual(missed.typed(keys("b"), true, 20), "pass")
  })

  it("are no reports of the terminal", () => {
    const missed = new MissedKeys()
    assert.strictEqual(missed.typed(keys("\x1b[I"), false, 0), "dropped")
    assert.strictEqual(missed.count, 0)
    assert.strictEqual(missed.typed(keys("a"), true, 1), "pass")
  })

  it("are of no account to the next launch", () => {
    const missed = new MissedKeys()
    missed.typed(keys("a"), false, 0)
    missed.forget()
    assert.strictEqual(missed.typed(keys("b"), true, 1), "pass")
  })
})
