/** The past of a long session: its state at any of its facts, and its screen after a gigabyte went by. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect, Layer } from "effect"
import { pastAt } from "../src/actors/past.ts"
import { limits } from "../src/domain/limits.ts"
import { outputDirectory } from "../src/infra/holder/launch-directory.ts"
import { Spool } from "../src/infra/holder/spool.ts"
import * as EventLog from "../src/infra/log/event-log.ts"
import { EventReader } from "../src/infra/log/event-store.ts"
import { Upkeep } from "../src/infra/log/upkeep.ts"
import { Output } from "../src/infra/output/output.ts"
import { Emulators } from "../src/infra/screens/emulators.ts"
import { PastScreens } from "../src/infra/screens/past-screens.ts"
import { type Figure, figure } from "./figure.ts"
import { writePast } from "./past.ts"
import { median, worst } from "./samples.ts"
import type { Size } from "./size.ts"

export const benchTravel = async (size: Size): Promise<ReadonlyArray<Figure>> => [...(await states(size)), ...(await screens(size))]

const inHome = async <A>(use: (home: string) => Promise<A>): Promise<A> => {
  const home = mkdtempSync(join(tmpdir(), "reprise-bench-travel-"))
  try {
    return await use(home)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const places = 50

const states = ({ small }: Size) =>
  inHome(async (home) => {
    const written = await writePast(home, { sessions: 1, facts: small ? 5_000 : 100_000, end: "ended" })
    const measured = Effect.gen(function* () {
      const reader = yield* EventReader
      const id = (yield* reader.list({ limit: 1 }))[0]!.id
      const spread = Array.from({ length: places }, (_, index) => 1 + Math.floor(((written - 1) * index) / (places - 1)))
      const entries = yield* Effect.forEach(spread, (seq) =>
        Effect.map(reader.stream(id, { after: seq - 1, limit: 1 }), ([entry]) => entry!)
      )
      const bySeq = yield* Effect.forEach(spread, (seq) => timed(pastAt(id, { _tag: "Seq", seq })))
      const byTime = yield* Effect.forEach(entries, ({ wallMs }) => timed(pastAt(id, { _tag: "Time", wallMs })))
      yield* (yield* Upkeep).deleteCheckpoints
      const without = yield* timed(pastAt(id, { _tag: "Seq", seq: written }))
      return { bySeq, byTime, without }
    }).pipe(Effect.provide(EventLog.layer(join(home, "reprise.db"))))
    const { bySeq, byTime, without } = await Effect.runPromise(measured)
    const note = `${written.toLocaleString("en")} facts, ${places} places; once without any checkpoint: ${Math.round(without)} ms`
    return [
      figure({ name: "state at a fact, worst", unit: "ms", better: "less", ours: worst(bySeq), hold: { most: 50 }, note }),
      figure({ name: "state at a fact, median", unit: "ms", better: "less", ours: median(bySeq) }),
      figure({ name: "state at a time, worst", unit: "ms", better: "less", ours: worst(byTime), hold: { most: 50 } })
    ]
  })

const session = "s-000000000000"
const mebibyte = 1_048_576

const screens = ({ small }: Size) =>
  inHome(async (home) => {
    const directory = outputDirectory(home, session)
    const window = { cols: 80, rows: 24 }
    const retentionBytes = limits.outputRetentionBytes
    const spool = new Spool({ directory, retentionBytes, size: window, onDropped: () => {}, onKept: () => {} })
    const chunk = Buffer.from(Array.from({ length: 2_000 }, (_, n) => paint(n)).join("")).subarray(0, 32_768)
    for (let written = 0; written < (small ? 16 : 1_024) * mebibyte; written += chunk.length) spool.append(chunk)
    const measured = Effect.gen(function* () {
      const past = yield* PastScreens
      const output = yield* Output
      const [from, to] = [yield* output.begin(session), yield* output.end(session)]
      const spread = Array.from({ length: places }, (_, index) => from + 1 + Math.floor(((to - from - 1) * (index + 0.5)) / places))
      const look = (offset: number) => timed(past.at(session, offset, window))
      // A client that looks starts the making of checkpoints: this is before there can be any.
      const first = yield* look(Math.floor((from + to) / 2))
      const before = process.cpuUsage()
      yield* past.keep(session)
      const { system, user } = process.cpuUsage(before)
      const kept = join(dirname(directory), "screens")
      const bytes = readdirSync(kept).reduce((sum, name) => sum + statSync(join(kept, name)).size, 0)
      const looks = yield* Effect.forEach(spread, look)
      return { first, looks, bytes, drawnMiB: (to - from) / mebibyte, cpuMs: (system + user) / 1_000 }
    }).pipe(Effect.provide(Layer.provideMerge(Layer.provide(PastScreens.layer, Emulators.layer), Output.layer({ home }))))
    const { bytes, cpuMs, drawnMiB, first, looks } = await Effect.runPromise(measured)
    spool.close()
    const note = `${small ? "16 MiB" : "1 GiB"} went by, ${Math.round(drawnMiB)} MiB are kept`
    return [
      figure({ name: "screen at a byte, worst", unit: "ms", better: "less", ours: worst(looks), hold: { most: 200 }, note }),
      figure({ name: "screen at a byte, median", unit: "ms", better: "less", ours: median(looks) }),
      figure({ name: "screen at a byte, before any checkpoint", unit: "ms", better: "less", ours: first, hold: { most: 200 } }),
      figure({ name: "checkpoints of screens: processor time per MiB", unit: "ms", better: "less", ours: cpuMs / drawnMiB }),
      figure({ name: "checkpoints of screens: size per MiB", unit: "KiB", better: "less", ours: bytes / 1_024 / drawnMiB })
    ]
  })

const paint = (n: number) =>
  `\x1b[${(n % 24) + 1};${((n * 7) % 60) + 1}H\x1b[3${n % 8}m frame ${n} goes by\x1b[K${n % 40 === 0 ? "\r\n" : ""}`

const timed = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const startedAt = performance.now()
    return Effect.map(work, () => performance.now() - startedAt)
  })
