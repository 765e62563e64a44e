/** How long a daemon needs to know everything again: ten thousand sessions of a long log, then fifty live agents on top of them. */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { initialTransition, transition } from "xstate"
import type { Folded } from "../src/actors/fold.ts"
import { fold, step } from "../src/actors/fold.ts"
import type { RecoveryReport } from "../src/actors/sessions.ts"
import { machine } from "../src/domain/machine.ts"
import { decodeFact } from "../src/domain/upcast.ts"
import * as EventLog from "../src/infra/log/event-log.ts"
import { type Entry, EventReader, type EventStore } from "../src/infra/log/event-store.ts"
import { TestDaemon } from "../test/support/daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { sleepers } from "./idle.ts"
import { writePast } from "./past.ts"
import { interleaved, median } from "./samples.ts"
import type { Size } from "./size.ts"

export const benchRecovery = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  const [sessions, facts, agents, starts] = small ? [50, 60, 5, 1] : [10_000, 200, 50, 3]
  await using daemon = new TestDaemon(mkdtempSync(join(tmpdir(), "reprise-bench-")))
  const written = await writePast(daemon.home, { sessions, facts, end: "waiting" })
  const { folding, perSession } = await foldRate(join(daemon.home, "reprise.db"), small)

  const without = await restarts(daemon, starts)
  const live = await sleepers(daemon, agents)
  const withAgents = await restarts(daemon, starts).finally(() => ended(daemon, live))
  const adopted = Math.min(...withAgents.map(({ report }) => report.adopted))
  const recoveries = (all: ReadonlyArray<Restart>) => median(all.map(({ report }) => report.tookMs))
  const readies = (all: ReadonlyArray<Restart>) => median(all.map(({ readyMs }) => readyMs))
  return [
    figure({
      ...{ name: `recovery, ${sessions} waiting sessions, ${written} facts`, unit: "ms", better: "less" },
      ours: recoveries(without),
      note: `of which folding one session takes ${perSession.toFixed(0)} µs where a start has to`
    }),
    figure({
      ...{ name: `process start to ready, ${sessions} waiting sessions, ${written} facts`, unit: "ms", better: "less" },
      ours: readies(without),
      hold: { most: 3_000 }
    }),
    figure({
      ...{ name: `adopting ${agents} live agents, beyond that`, unit: "ms", better: "less" },
      ours: Math.max(0, recoveries(withAgents) - recoveries(without)),
      hold: { most: 1_000 },
      note: `adopted ${adopted} of ${agents}; process start to ready: ${readies(withAgents).toFixed(0)} ms`
    }),
    figure({ ...{ name: "live agents that were not adopted", unit: "", better: "less", ours: agents - adopted }, hold: { most: 0 } }),
    folding
  ]
}

interface Restart {
  readonly readyMs: number
  readonly report: RecoveryReport
}

/** Starts it, and kills it before each later start; it runs at the end. */
const restarts = async (daemon: TestDaemon, times: number): Promise<ReadonlyArray<Restart>> => {
  const all: Array<Restart> = []
  for (let n = 0; n < times; n++) {
    await daemon.kill("SIGKILL")
    const begun = performance.now()
    await daemon.start()
    const readyMs = performance.now() - begun
    const { recovery } = (await daemon.done("GET", "/readyz")) as { readonly recovery: RecoveryReport }
    all.push({ readyMs, report: recovery })
  }
  return all
}

/** By name: among a thousand others they could not be found. */
const ended = async (daemon: TestDaemon, ids: ReadonlyArray<string>) => {
  for (const id of ids) await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  for (const id of ids) await daemon.reaches(id, "has ended", ({ state }) => state === "ended")
}

/** Whole streams without checkpoints: rows decoded, brought up to date and folded, beside the bare machine on facts in memory. */
const foldRate = (path: string, small: boolean): Promise<{ readonly folding: Figure; readonly perSession: number }> =>
  Effect.gen(function* () {
    const reader = yield* EventReader
    const services = yield* Effect.context<EventReader | EventStore>()
    const rows = yield* reader.list({ limit: small ? 20 : 100 })
    const streams = yield* Effect.forEach(rows, ({ id }) => reader.stream(id, { after: 0, limit: 1_000 }))
    const facts = streams.map((stream) => stream.map(factOf))
    const count = facts.reduce((total, stream) => total + stream.length, 0)
    const ours = async () => rate(count, await timed(() => Effect.runPromise(Effect.forEach(rows, ({ id }) => folded(reader, id)))))
    const peer = async () => rate(count, await timed(async () => facts.forEach(bareFold)))
    yield* Effect.promise(() => Promise.all([ours(), peer()]))
    const taken = yield* Effect.promise(() => interleaved(small ? 2 : 5, ours, peer))
    const perSession = yield* Effect.promise(async () => {
      const ms = await timed(() =>
        Effect.runPromise(
          Effect.provideContext(
            Effect.forEach(rows, ({ id }) => fold(id)),
            services
          )
        )
      )
      return (ms * 1_000) / rows.length
    })
    const folding = figure({
      ...{ name: "folding a log without checkpoints", unit: "facts/s", better: "more" },
      ours: median(taken.ours),
      peer: { name: "xstate's transition()", value: median(taken.peer) }
    })
    return { folding, perSession }
  }).pipe(Effect.provide(EventLog.layer(path)), Effect.runPromise)

const folded = Effect.fnUntraced(function* (reader: EventReader["Service"], id: string) {
  let session: Folded | null = null
  for (const entry of yield* reader.stream(id, { after: 0, limit: 1_000 })) session = yield* step(session, entry)
  return session
})

const factOf = (entry: Entry) => {
  const fact = decodeFact(entry)
  if (fact._tag === "Failure") throw new Error(`${entry.type} cannot be read`)
  return fact.success
}

const bareFold = ([created, ...rest]: ReadonlyArray<ReturnType<typeof factOf>>) => {
  if (created?.type !== "SessionCreated") throw new Error("a stream begins with its creation")
  let session = initialTransition(machine, created)[0]
  for (const fact of rest) session = transition(machine, session, fact)[0]
  return session
}

const rate = (count: number, ms: number) => count / (ms / 1_000)
const timed = async (run: () => Promise<unknown>) => {
  const begun = performance.now()
  await run()
  return performance.now() - begun
}
