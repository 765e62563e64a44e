/**
 * Writes a log as daemons before this one would have left it: real inputs, decided by the domain, appended by the event store. One
 * session is written so; the others are copies of its rows under names of their own, with the fingerprints of their own states where
 * a checkpoint lies, which a fold compares.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { Effect, Layer } from "effect"
import { toDecision } from "../src/actors/recording.ts"
import { type Accepted, decide, decideCreate } from "../src/domain/decide/index.ts"
import { SessionId } from "../src/domain/ids.ts"
import type { HolderEvent, Input } from "../src/domain/inputs.ts"
import { canonical, fromCheckpoint, type Session } from "../src/domain/session.ts"
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
  /** `waiting`: a crash is behind it and a relaunch hours ahead. `ended`: a client stopped it. */
  readonly end: "waiting" | "ended"
}

/** Answers with the number of facts that were written. */
export const writePast = async (home: string, past: Past): Promise<number> => {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const path = join(home, "reprise.db")
  const layers = Layer.merge(EventLog.layer(path), BootClock.layer)
  const { copies, facts, id } = await Effect.runPromise(written(past).pipe(Effect.provide(layers)))
  copy(path, id, copies)
  return past.sessions * facts
}

const written = Effect.fnUntraced(function* ({ end, facts, sessions }: Past) {
  const store = yield* EventStore
  const clock = yield* BootClock
  const id = yield* clock.sessionId
  const life = yield* lifeOf(id, facts, end)
  for (const decision of life) yield* store.append(decision)
  const copies = yield* Effect.all(Array.from({ length: sessions - 1 }, () => clock.sessionId))
  return { copies, facts: life.at(-1)!.row.seq, id }
})

const copy = (path: string, original: string, ids: ReadonlyArray<string>) => {
  const database = new Sqlite(path)
  try {
    const named = (column: string) => `replace(${column}, @original, @id)`
    const events = database.prepare(
      `insert into events (stream, seq, event_id, type, schema_version, generation, input_id, writer_epoch, wall_ms, boot_ms, boot_id, actor, data, state_hash)
       select @id, seq, ${named("event_id")}, type, schema_version, generation, ${named("input_id")}, writer_epoch, wall_ms, boot_ms, boot_id, actor, ${named("data")}, state_hash
       from events where stream = @original order by seq`
    )
    const inputs = database.prepare(
      `insert into inputs (position, input_id, stream, kind, actor, data, moment, at)
       select position + @before, ${named("input_id")}, @id, kind, actor, ${named("data")}, moment, at from inputs where stream = @original`
    )
    const derived = [
      `insert into sessions select @id, seq, state, live, name, labels, created_at, updated_at, ${named("view")}, due_boot_id, due_boot_ms
       from sessions where id = @original`,
      `insert into checkpoints select @id, seq, format, ${named("state")} from checkpoints where stream = @original`,
      `insert into milestones select @id, block, seq, format, earliest_ms, ${named("state")} from milestones where stream = @original`
    ].map((text) => database.prepare(text))
    const head = database.prepare<[], number>("select max(position) from events").pluck()
    const kept = database.prepare<[string, string], { seq: number; state: string }>(
      "select seq, state from checkpoints where stream = ? union select seq, state from milestones where stream = ?"
    )
    const fingerprint = database.prepare("update events set state_hash = ? where stream = ? and seq = ?")
    const checkpointed = kept.all(original, original).map(({ seq, state }) => ({ seq, text: canonical(fromCheckpoint(state)) }))
    database.transaction(() => {
      for (const id of ids) {
        const names = { id, original }
        const before = head.get()!
        events.run(names)
        inputs.run({ ...names, before })
        for (const statement of derived) statement.run(names)
        for (const { seq, text } of checkpointed) fingerprint.run(Buffer.from(stateHash(text.replaceAll(original, id)), "hex"), id, seq)
      }
    })()
  } finally {
    database.close()
  }
}

const lifeOf = Effect.fnUntraced(function* (id: string, facts: number, end: Past["end"]) {
  const clock = yield* BootClock
  const decisions: Array<Decision> = []
  let seq = 0
  let checkpointed = 0
  let session: Session | null = null
  let moment: Moment = yield* clock.moment(0)

  const record = (input: Input | { readonly type: "Create" }, accepted: Accepted) => {
    const inputId = `i-${id}-${decisions.length}`
    const decision = toDecision({ id, seq, checkpointed, input, inputId, moment, asking: { by: "bench" } }, accepted)
    decisions.push(decision)
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
