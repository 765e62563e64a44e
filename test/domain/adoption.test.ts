/** A holder found again, or lost: the agent goes on as it was, or its end is found out. */
import { assert, describe, it } from "@effect/vitest"
import {
  cleared,
  exited,
  gone,
  having,
  kill,
  never,
  nonce,
  prepared,
  process,
  reattached,
  running,
  settled,
  spec,
  stop,
  swept,
  up,
  when,
  write
} from "../support/domain.ts"

describe("a lost holder", () => {
  it("has its tree swept, and then the end says since when no daemon saw it alive", () => {
    const { decided, then } = when(running({ keepalive: never }), gone())
    const lost = then({ type: "HolderLost", reason: "socket closed" })
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "Sweep", generation: 1, nonce, process }])
    when(lost, swept(1, 2)).then({ type: "GenerationEnded", cause: { type: "lost", lastSeenAt: 1_000_500 }, swept: 2 })
  })

  it("brings the agent back like a crash", () => {
    when(having(spec(), ...up, gone()), swept()).then({ type: "GenerationEnded" }, { type: "RelaunchScheduled" })
  })

  it("after the leader's exit does not make the exit unknown", () => {
    when(having(spec({ keepalive: never }), ...up, exited(7), gone()), swept()).then({
      type: "GenerationEnded",
      cause: { type: "crashed", code: 7, signal: null }
    })
  })

  it("is over only when the sweep is", () => {
    when(running(), swept()).ignored("not_now")
    when(having(spec({ keepalive: never }), ...up, gone()), cleared()).then({ type: "GenerationEnded" })
  })
})

describe("an adoption", () => {
  it("leaves the agent as it was, and asks what became of the input under way", () => {
    const { decided, then } = when(having(spec(), ...up, write("w1")), reattached())
    then({ type: "Adopted", process, downMs: 700 })
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [
      { type: "SettleWrite", generation: 1, writeId: "w1" },
      { type: "ResizeTerminal", generation: 1, size: { cols: 80, rows: 24 } }
    ])
    when(decided.session, settled("uncertain")).then({ type: "InputFailed", writeId: "w1", code: "uncertain" })
  })

  it("goes on with a stop that the daemon died in", () => {
    const { decided } = when(having(spec(), ...up, kill), reattached())
    assert(decided._tag === "Accepted")
    assert.deepInclude(decided.effects[0], { type: "RunLadder", mode: "kill" })
    const reaping = when(having(spec(), ...up, stop, exited(0)), reattached())
    assert(reaping.decided._tag === "Accepted")
    assert.deepStrictEqual(reaping.decided.effects, [{ type: "RunLadder", generation: 1, mode: "stop" }])
  })

  it("before the holder's first word waits for that word", () => {
    when(having(spec(), prepared()), reattached()).ignored("not_now")
  })
})
