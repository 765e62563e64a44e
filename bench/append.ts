/** What a durable append costs: grouped and one by one, beside bare better-sqlite3 writing the very same rows in the same groups. */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { type Prepared, prepare } from "../src/infra/log/decision-writer.ts"
import * as EventLog from "../src/infra/log/event-log.ts"
import { type Decision, EventStore } from "../src/infra/log/event-store.ts"
import type { Figure } from "./figure.ts"

const callers = 200
const rounds = 60
const alone = 1_500
/** Halves alternate, so that a slow minute of the machine's disk falls on both. */
const repeats = 5

export const benchAppend = async (): Promise<Array<Figure>> => {
  const ours: Array<number> = []
  const bare: Array<number> = []
  const oursAlone: Array<Latencies> = []
  const bareAlone: Array<Latencies> = []
  const stalls: Array<number> = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const grouped = await inDirectory((path) => Effect.runPromise(groupedAppends.pipe(Effect.provide(EventLog.layer(path)))))
    ours.push(grouped.perSecond)
    stalls.push(grouped.stallMs)
    bare.push(await inDirectory(bareGrouped))
    oursAlone.push(await inDirectory((path) => Effect.runPromise(appendsAlone.pipe(Effect.provide(EventLog.layer(path))))))
    bareAlone.push(await inDirectory(bareOneByOne))
  }
  const peerName = "better-sqlite3, same rows and groups"
  const appends = median(ours) / median(bare)
  const figure = (name: string, pick: (latencies: Latencies) => number, target: number | null): Figure => {
    const [own, peer] = [median(oursAlone.map(pick)), median(bareAlone.map(pick))]
    return { name, ours: own, peer, peerName, unit: "ms", ratio: peer / own, target, met: target === null ? null : peer / own >= target }
  }
  const stall = median(stalls)
  return [
    {
      name: `durable appends, ${callers} callers`,
      ours: median(ours),
      peer: median(bare),
      peerName,
      unit: "decisions/s",
      ratio: appends,
      target: 0.5,
      met: appends >= 0.5
    },
    figure("durable append alone, p50", ({ p50 }) => p50, null),
    figure("durable append alone, p99", ({ p99 }) => p99, null),
    // Beyond 20 ms the appender belongs into a worker.
    {
      name: "event-loop delay while appending, p99",
      ours: stall,
      peer: null,
      peerName: null,
      unit: "ms",
      ratio: null,
      target: 20,
      met: stall <= 20
    }
  ]
}

interface Latencies {
  readonly p50: number
  readonly p99: number
}

const streamOf = (caller: number) => `s-${caller.toString(32).padStart(12, "0")}`

/** Two facts, an input and a row: what a decision of middling size is. */
const decisionOf = (caller: number, round: number): Decision => {
  const stream = streamOf(caller)
  const expected = round * 2
  return {
    stream,
    expected,
    inputId: `${stream}-${round}`,
    input: { type: "DeadlineReached" },
    actor: "reprise",
    moment: {
      wallMs: 1_700_000_000_000 + round,
      bootMs: 10_000 + round,
      bootId: "9f0c1f2e-4a7b-4c8e-b9a3-2f6f0d3b8c11",
      random: 0.5,
      nonce: "0123456789abcdef0123456789abcdef",
      offset: 1_024
    },
    generation: 1,
    facts: [1, 2].map((n) => ({
      type: "RelaunchScheduled",
      schemaVersion: 1,
      wallMs: 1_700_000_000_000 + round,
      data: {
        offset: 1_024,
        attempt: n,
        delayMs: 3_000,
        jitterMs: 217,
        reason: "backoff",
        deadline: { bootMs: 13_217, wallMs: 1_700_000_003_217 }
      },
      stateHash: "00112233445566ff"
    })),
    row: {
      id: stream,
      seq: expected + 2,
      state: round % 2 === 0 ? "ended" : "resuming",
      live: true,
      name: null,
      labels: { team: "bench" },
      createdAt: 1_700_000_000_000,
      updatedAt: 1_700_000_000_000 + round,
      view: { id: stream, state: "ended", phase: "backing_off", seq: expected + 2, command: ["bash", "-l"], cwd: "/home/user/project" }
    }
  }
}

const groupedAppends = Effect.gen(function* () {
  const store = yield* EventStore
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  const startedAt = performance.now()
  yield* Effect.forEach(
    Array.from({ length: callers }, (_, caller) => caller),
    Effect.fnUntraced(function* (caller: number) {
      for (let round = 0; round < rounds; round++) yield* store.append(decisionOf(caller, round))
    }),
    { concurrency: "unbounded", discard: true }
  )
  const perSecond = (callers * rounds) / ((performance.now() - startedAt) / 1_000)
  loop.disable()
  return { perSecond, stallMs: loop.percentile(99) / 1e6 }
})

const appendsAlone = Effect.gen(function* () {
  const store = yield* EventStore
  const took: Array<number> = []
  for (let round = 0; round < alone; round++) {
    const startedAt = performance.now()
    yield* store.append(decisionOf(0, round))
    took.push(performance.now() - startedAt)
  }
  return latencies(took)
})

const bareGrouped = async (path: string) => {
  const write = bareWriter(path)
  const startedAt = performance.now()
  for (let round = 0; round < rounds; round++) {
    write(Array.from({ length: callers }, (_, caller) => prepare(decisionOf(caller, round), 1)))
    await new Promise(setImmediate)
  }
  return (callers * rounds) / ((performance.now() - startedAt) / 1_000)
}

const bareOneByOne = async (path: string) => {
  const write = bareWriter(path)
  const took: Array<number> = []
  for (let round = 0; round < alone; round++) {
    const startedAt = performance.now()
    write([prepare(decisionOf(0, round), 1)])
    took.push(performance.now() - startedAt)
  }
  return latencies(took)
}

/** The log's own tables made by the log itself, written by hand-written statements and nothing around them: no checks, no answers. */
const bareWriter = (path: string) => {
  Effect.runSync(Effect.scoped(Effect.asVoid(Effect.provide(EventStore, EventLog.layer(path)))))
  const handle = new Sqlite(path)
  handle.pragma("synchronous = FULL")
  const columns =
    "stream, seq, event_id, type, schema_version, generation, input_id, writer_epoch, wall_ms, boot_ms, boot_id, actor, data, state_hash"
  const event = handle.prepare(`insert into events (${columns}) values (${columns.replace(/\w+/g, "?")})`)
  const input = handle.prepare(
    "insert into inputs (position, input_id, stream, kind, actor, data, moment, at) values (?, ?, ?, ?, ?, ?, ?, ?)"
  )
  const row = handle.prepare(
    `insert into sessions (id, seq, state, live, name, labels, created_at, updated_at, view) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set seq = excluded.seq, state = excluded.state, live = excluded.live, name = excluded.name,
     labels = excluded.labels, updated_at = excluded.updated_at, view = excluded.view`
  )
  return handle.transaction((group: ReadonlyArray<Prepared>) => {
    for (const prepared of group) {
      const positions = prepared.events.map((fact) => event.run(...Object.values(fact)).lastInsertRowid)
      input.run(positions[0], ...Object.values(prepared.input))
      row.run(...Object.values(prepared.row))
    }
  }).immediate
}

const inDirectory = async <A>(run: (path: string) => Promise<A>): Promise<A> => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-bench-"))
  try {
    return await run(join(directory, "log.db"))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const percentile = (values: ReadonlyArray<number>, share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!
const median = (values: ReadonlyArray<number>) => percentile(values, 0.5)
const latencies = (took: ReadonlyArray<number>): Latencies => ({ p50: median(took), p99: percentile(took, 0.99) })
