/** Typing, interrupting, sizes and clients: accepted when it can be done, written at most once, and its fate is known. */
import { assert, describe, it } from "@effect/vitest"
import type { Input } from "../../src/domain/inputs.ts"
import { limits } from "../../src/domain/limits.ts"
import {
  at,
  attach,
  cleared,
  detach,
  exited,
  having,
  interrupt,
  never,
  patch,
  prepared,
  resize,
  running,
  settled,
  spawned,
  spec,
  stop,
  terminate,
  up,
  when,
  write
} from "../support/domain.ts"

const idleStopMs = 60_000
const ended = () => having(spec({ keepalive: never }), ...up, exited(0), cleared())

describe("input", () => {
  it("is a fact before it is written, and its fate is one too", () => {
    const { decided, then } = when(running(), write())
    const accepted = then({ type: "InputAccepted", writeId: "w1", kind: "input", bytes: 3, by: "ada" })
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "Write", generation: 1, writeId: "w1", kind: "input" }])
    const written = when(accepted, settled("written")).then({ type: "InputWritten", writeId: "w1" })
    assert.deepStrictEqual(written.context.pendingWrites, [])
    when(accepted, settled("not_written")).then({ type: "InputFailed", code: "not_written" })
    when(written, settled("written")).ignored("repeated")
  })

  it("says each fate of several, whatever order they come in", () => {
    const both = having(spec(), ...up, write("w1"), write("w2"))
    const one = when(both, settled("written", "w2")).then({ type: "InputWritten", writeId: "w2" })
    assert.deepStrictEqual(one.context.pendingWrites, [{ writeId: "w1", kind: "input" }])
  })

  it("interrupts with the provider's own bytes", () => {
    when(running(), interrupt).then({ type: "InputAccepted", kind: "interrupt", bytes: 1 })
  })

  it("may be typed while the agent boots, and before that not", () => {
    when(having(spec(), prepared(), spawned()), write()).then({ type: "InputAccepted" })
    when(having(spec(), prepared()), write()).refused("not_ready")
    when(having(spec()), write()).refused("not_ready")
  })

  it("is refused by name where no agent takes it", () => {
    when(having(spec(), ...up, stop), write()).refused("already_stopping")
    when(having(spec(), ...up, exited(0)), write()).refused("already_exited")
    when(ended(), write()).refused("already_ended")
    when(having(spec(), terminate), write()).refused("terminated")
  })

  it("beyond the limit of what waits is refused, and what was accepted is kept", () => {
    const many = Array.from({ length: limits.pendingWrites }, (_, index) => write(`w${index}`))
    const full = having(spec(), ...up, ...many)
    when(full, write("one more")).refused("too_many_pending_writes")
    assert.strictEqual(full.context.pendingWrites.length, limits.pendingWrites)
  })

  it("that was under way when the agent ended is forgotten with it", () => {
    const over = having(spec({ keepalive: never }), ...up, write(), exited(0), cleared())
    when(over, settled("written")).ignored("repeated")
  })
})

describe("a size", () => {
  it("is kept, and sent to the terminal that is there", () => {
    const { decided } = when(running(), resize(120, 40))
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "ResizeTerminal", generation: 1, size: { cols: 120, rows: 40 } }])
    assert.deepStrictEqual(decided.session.context.spec.size, { cols: 120, rows: 40 })
  })

  it("of a session without a process is that of its next launch", () => {
    const { decided } = when(ended(), resize(100))
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [])
  })

  it("that it already has is no fact", () => {
    when(running(), resize(80)).ignored("unchanged")
  })
})

describe("a client", () => {
  it("that leaves as the last one arms the idle stop", () => {
    const attached = having(spec({ idleStopMs }), ...up, attach("a"), attach("b"))
    const one = when(attached, detach("a")).then({ type: "ClientDetached", client: "a", typedBytes: 2 })
    const none = when(one, detach("b"), at(500)).then(
      { type: "ClientDetached" },
      { type: "IdleStopArmed", deadline: { bootMs: 60_500, wallMs: 1_060_500 } }
    )
    when(none, detach("b")).ignored("repeated")
  })

  it("that may type makes the terminal no larger than its own, and gives its place back as it leaves", () => {
    const own = (client: string, cols: number, rows: number): Input => ({ ...resize(cols, rows), client }) as Input
    const big = when(having(spec(), ...up, attach("big"), attach("small")), own("big", 160, 40)).then({
      type: "Resized",
      size: { cols: 160, rows: 40 }
    })
    const both = when(big, own("small", 45, 50)).then({ type: "Resized", size: { cols: 45, rows: 40 }, clientSize: { cols: 45, rows: 50 } })
    when(both, own("small", 45, 50)).ignored("unchanged")
    when(both, own("gone", 10, 10)).ignored("repeated")
    const grown = when(both, own("big", 170, 60)).then({ type: "Resized", size: { cols: 45, rows: 50 }, client: "big" })
    const one = when(grown, detach("small")).then({ type: "ClientDetached" }, { type: "Resized", size: { cols: 170, rows: 60 } })
    when(one, detach("big")).then({ type: "ClientDetached" })
  })

  it("may leave while what is left of the agent is cleared away", () => {
    const reaping = having(spec({ idleStopMs }), ...up, attach(), exited(1))
    when(reaping, detach()).then({ type: "ClientDetached" })
  })

  it("may come and go where nothing runs", () => {
    const attached = when(ended(), attach()).then({ type: "ClientAttached", mode: "control" })
    when(attached, detach()).then({ type: "ClientDetached" })
    when(having(spec(), terminate), attach()).refused("terminated")
  })

  it("beyond the limit is refused", () => {
    const full = having(spec(), ...Array.from({ length: limits.clientsPerSession }, (_, index) => attach(`c${index}`)))
    when(full, attach("late")).refused("too_many_clients")
  })
})

describe("a patch", () => {
  it("changes what it names and nothing else", () => {
    const patched = when(running(), patch({ name: "blue", labels: { team: "a" } })).then({ type: "SessionPatched" })
    assert.deepStrictEqual(patched.context.spec, spec({ name: "blue", labels: { team: "a" } }))
    when(running(), patch({})).ignored("unchanged")
  })

  it("of the idle limit counts from now, and takes effect where an agent is up", () => {
    when(running(), patch({ idleStopMs }), at(700)).then(
      { type: "SessionPatched" },
      { type: "IdleStopArmed", deadline: { bootMs: 60_700, wallMs: 1_060_700 } }
    )
    when(having(spec({ idleStopMs }), ...up), patch({ idleStopMs: null })).then({ type: "SessionPatched" })
    when(ended(), patch({ idleStopMs })).then({ type: "SessionPatched" })
    when(having(spec(), ...up, exited(1)), patch({ idleStopMs })).then({ type: "SessionPatched" })
    when(having(spec(), ...up, stop), patch({ idleStopMs })).then({ type: "SessionPatched" })
  })

  it("of a terminated session is refused", () => {
    when(having(spec(), terminate), patch({ name: "late" })).refused("terminated")
  })
})

describe("the end of a tool", () => {
  const killTool: Input = { type: "KillTool", by: "ada", pgid: 70 }
  const ended = (generation = 1): Input => ({ type: "ToolEnded", generation, pgid: 70, pids: [70, 71], signal: "SIGKILL", left: [] })

  it("is asked for while a process is up, recorded first, and owed by its number and the agent's identity", () => {
    const { decided, then } = when(running(), killTool)
    const asked = then({ type: "ToolKillRequested", generation: 1, pgid: 70, by: "ada" })
    assert(decided._tag === "Accepted")
    const { bootId, pid, startTime } = asked.context.process!
    assert.deepStrictEqual(decided.effects, [
      { type: "KillTool", generation: 1, nonce: asked.context.nonce, pgid: 70, process: { bootId, pid, startTime } }
    ])
    when(asked, ended()).then({ type: "ToolKilled", pgid: 70, pids: [70, 71], signal: "SIGKILL", left: [] })
  })

  it("is possible also while the agent is being stopped, and never without one", () => {
    when(having(spec(), ...up, stop), killTool).then({ type: "ToolKillRequested" })
    when(having(spec()), killTool).refused("not_ready")
    when(having(spec({ keepalive: never }), ...up, exited(0), cleared()), killTool).refused("already_ended")
    when(having(spec({ keepalive: never }), ...up, exited(0), cleared(), terminate), killTool).refused("terminated")
  })

  it("of another generation changes nothing", () => {
    when(running(), ended(7)).ignored("stale_generation")
  })
})
