/**
 * Writes a log as daemons before this one would have left it: real inputs, decided by the domain, appended by the event store.
 * One life is decided and lived by all under names of their own. Only the fingerprints under checkpoints are a session's own: a
 * start compares those and no others.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { toDecision } from "../src/actors/recording.ts"
import { type Accepted, decide, decideCreate } from "../src/domain/decide/index.ts"
import { SessionId } from "../src/domain/ids.ts"
import type { HolderEvent, Input } from "../src/domain/inputs.ts"
import { canonical, type Session } from "../src/domain/session.ts"
import { type Spec, terminalLadder } from "../src/domain/spec.ts"
import type { Moment } from "../src/domain/time.ts"
import { BootClock } from "../src/infra/boot-clock.ts"
import * as EventLog from "../src/infra/log/event-log.ts"
import { type Decision, EventStore } from "../src/infra/log/event-store.ts"
import { stateHash } from "../src/infra/log/state-hash.ts"

export interface Past {
  readonly sessions: number
  /** Of each session, about. */
  readonly facts: number
  /** `waiting`: a crash is behind it and a relaunch hours ahead, so start-up must know its whole state. `ended`: somebody stopped it. */
  readonly end: "waiting" | "ended"
}

/** Answers with the number of facts that were written. */
export const writePast = (home: string, past: Past): Promise<number> => {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const layers = Layer.merge(EventLog.layer(join(home, "reprise.db")), BootClock.layer)
  return Effect.runPromise(written(past).pipe(Effect.provide(layers)))
}

const written = Effect.fnUntraced(function* ({ end, facts, sessions }: Past) {
  const store = yield* EventStore
  const clock = yield* BootClock
  const original = yield* clock.sessionId
  const life = yield* lifeOf(original, facts, end)
  const ids = yield* Effect.all(Array.from({ length: sessions }, () => clock.sessionId))
  // As many at once as make large groups; one after the other each would pay a disk's flush.
  yield* Effect.forEach(ids, (id) => Effect.forEach(life, (lived) => store.append(underName(lived, original, id)), { discard: true }), {
    concurrency: 250,
    discard: true
  })
  return sessions * (JSON.parse(life.at(-1)!.decision) as Decision).row.seq
})

/** A decision as text, and the state that its checkpoint holds, in the words that the fingerprint is taken over. */
interface Lived {
  readonly decision: string
  readonly state: string | null
}

const underName = ({ decision, state }: Lived, original: string, id: string): Decision => {
  const own = JSON.parse(decision.replaceAll(original, id)) as Decision
  if (state === null) return own
  const newest = { ...own.facts.at(-1)!, stateHash: stateHash(state.replaceAll(original, id)) }
  return { ...own, facts: [...own.facts.slice(0, -1), newest] }
}

const lifeOf = Effect.fnUntraced(function* (id: string, facts: number, end: Past["end"]) {
  const clock = yield* BootClock
  const decisions: Array<Lived> = []
  let seq = 0
  let checkpointed = 0
  let session: Session | null = null
  let moment: Moment = yield* clock.moment(0)

  const record = (input: Input | { readonly type: "Create" }, accepted: Accepted) => {
    const inputId = `i-${id}-${decisions.length}`
    const decision = toDecision({ id, seq, checkpointed, input, inputId, moment, asking: { by: "bench" } }, accepted)
    decisions.push({
      decision: JSON.stringify(decision),
      state: decision.checkpoint === undefined ? null : canonical(accepted.session)
    })
    seq = decision.row.seq
    checkpointed = decision.checkpoint?.seq ?? checkpointed
    session = accepted.session
  }
  const take = Effect.fnUntraced(function* (input: Input) {
    moment = { ...(yield* clock.moment(moment.offset + 512)), bootMs: moment.bootMs }
    const decided = decide(session!, input, moment)
    if (decided._tag !== "Accepted") return yield* Effect.die(new Error(`${input.type}: ${JSON.stringify(decided)}`))
    record(input, decided)
  })

  record({ type: "Create" }, decideCreate(SessionId.make(id), spec(id), "bench", moment))
  let told = 0
  const holder = (event: HolderEvent) => {
    told += 1
    return take({ type: "HolderReported", generation: 1, entry: { n: told, wallMs: moment.wallMs, offset: moment.offset, event } })
  }
  yield* take({ type: "Prepared", generation: 1, executable: "/bin/bash" })
  yield* holder({ type: "spawned", process: { bootId: moment.bootId, pid: 4_000_000, startTime: 1 } })
  yield* holder({ type: "output_began" })
  for (let n = 0; seq < facts - 4; n++) {
    yield* take({ type: "Write", by: "bench", writeId: `w-${n}`, bytes: 24 })
    yield* take({ type: "WriteSettled", generation: 1, writeId: `w-${n}`, outcome: "written" })
    if (n % 20 === 19) yield* take({ type: "Resize", by: "bench", size: { cols: 80 + (n % 40), rows: 24 } })
  }
  yield* holder({ type: "exited", code: 1, signal: null })
  yield* holder({ type: "cleared", swept: 0 })
  if (end === "ended") yield* take({ type: "Stop", by: "bench", reason: "enough" })
  return decisions
})

const hours = 3_600_000

const spec = (id: string): Spec => ({
  provider: "command",
  command: ["bash", "-l"],
  cwd: "/tmp",
  env: { names: ["HOME", "LANG", "PATH", "TERM"], hash: "9f0c1f2e4a7b4c8eb9a32f6f0d3b8c11" },
  name: `task ${id.slice(-4)}`,
  labels: { team: "bench" },
  size: { cols: 80, rows: 24 },
  runtime: "pty",
  keepalive: { mode: "on_crash", baseMs: 12 * hours, factor: 2, capMs: 24 * hours, maxAttempts: 3, healthyAfterMs: 60_000 },
  stop: { ladder: terminalLadder },
  readyTimeoutMs: 30_000,
  idleStopMs: null
})
