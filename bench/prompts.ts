/** How long a prompt takes to be durable and answered for, and how long a hook's word takes to be an event that a client sees. */
import { mkdtempSync, rmSync } from "node:fs"
import { Agent, createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import { Effect, Layer, Schema, Stream } from "effect"
import { Sessions } from "../src/actors/sessions.ts"
import { limits } from "../src/domain/limits.ts"
import { CreateRequest } from "../src/domain/spec.ts"
import { HttpServer } from "../src/http/server.ts"
import { HookTokens } from "../src/infra/hook/tokens.ts"
import { daemonIn, token } from "../test/support/http-daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { percentile } from "./samples.ts"
import type { Size } from "./size.ts"

export const benchPrompts = (size: Size): Promise<ReadonlyArray<Figure>> => Effect.runPromise(Effect.scoped(measured(size)))

const measured = Effect.fnUntraced(function* ({ small }: Size) {
  const home = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-bench-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  )
  return yield* Effect.provide(Effect.scoped(compared(home, small ? 50 : 600)), Layer.fresh(daemonIn(home)))
})

const asking = { by: "bench" }

const compared = Effect.fnUntraced(function* (home: string, times: number) {
  const { port } = yield* HttpServer
  const prompts: Array<number> = []
  const bare: Array<number> = []
  const peer = yield* durableServer(join(home, "bare.db"))
  for (let done = 0; done < times; ) {
    // A queue holds so many; a session that is not ready types none of them.
    const id = yield* session("command", ["sleep", "1000"])
    for (let queued = 0; queued < limits.prompts - 1 && done < times; queued++, done++) {
      const body = JSON.stringify({ text: `prompt ${done}: ${"word ".repeat(40)}`, deliver: "idle" })
      prompts.push(yield* Effect.promise(() => timed(port, `/v1/sessions/${id}/prompts`, token, body)))
      bare.push(yield* Effect.promise(() => timed(peer, "/", token, body)))
    }
    yield* over(id)
  }
  const hooks = yield* hookLatencies(port, times)
  return [
    latency("prompt durable and answered, p50", prompts, bare, 0.5),
    latency("prompt durable and answered, p99", prompts, bare, 0.99),
    figure({
      name: "hook's word to its event at a client, p50",
      unit: "ms",
      better: "less",
      ours: percentile(hooks, 0.5),
      peer: { name: "a durable answer, bare", value: percentile(bare, 0.5) },
      note: "every second word is two: the end of a turn, and the idleness after it"
    }),
    figure({ name: "hook's word to its event at a client, p99", unit: "ms", better: "less", ours: percentile(hooks, 0.99) })
  ]
})

const latency = (name: string, ours: ReadonlyArray<number>, peer: ReadonlyArray<number>, part: number) =>
  figure({
    name,
    unit: "ms",
    better: "less",
    ours: percentile(ours, part),
    peer: { name: "node:http and one synced insert", value: percentile(peer, part) },
    hold: { ratio: 0.15 },
    note: "three syncs for one: the text, its name, the fact"
  })

const session = Effect.fnUntraced(function* (provider: string, command: ReadonlyArray<string>) {
  const sessions = yield* Sessions
  const create = Schema.decodeUnknownSync(CreateRequest)({ provider, command, cwd: "/tmp", readyTimeoutMs: 600_000 })
  const { view } = yield* sessions.create(create, asking)
  for (let looks = 0; looks < 400; looks++) {
    const { process, state } = yield* sessions.get(view.id)
    if (process !== null && (provider !== "command" || state === "streaming")) break
    yield* Effect.sleep("25 millis")
  }
  return view.id
})

/** Nothing of it is left. */
const over = Effect.fnUntraced(function* (id: string) {
  const sessions = yield* Sessions
  yield* sessions.send(id, { type: "Kill", by: "bench", reason: "" }, asking)
  yield* sessions.send(id, { type: "Terminate", by: "bench", reason: "" }, asking)
  yield* Effect.ignore(Effect.timeout(Stream.runDrain(sessions.changes(id)), "10 seconds"))
})

/** The agent is a sleep that never speaks; its hooks are ours. */
const hookLatencies = Effect.fnUntraced(function* (port: number, times: number) {
  const { tokenOf } = yield* HookTokens
  const id = yield* session("pi", ["bash", "-c", "sleep 1000"])
  const hookToken = tokenOf(id, 1)
  const events = yield* Effect.promise(() => follow(port, id))
  const taken: Array<number> = []
  for (let done = 0; done < times; done++) {
    const event = done % 2 === 0 ? "agent_start" : "agent_settled"
    const seen = events.next("ActivityChanged")
    const call = { id: `h${done}`, generation: 1, event, payload: { sessionId: "c" }, at: Date.now() }
    const begun = performance.now()
    const answered = timed(port, `/v1/sessions/${id}/hooks`, hookToken, JSON.stringify(call))
    yield* Effect.promise(() => seen)
    taken.push(performance.now() - begun)
    yield* Effect.promise(() => answered)
  }
  events.close()
  yield* over(id)
  return taken
})

const kept = new Agent({ keepAlive: true, maxSockets: 4 })

/** Milliseconds from the request to the whole answer. */
const timed = (port: number, path: string, bearer: string, body: string) =>
  new Promise<number>((resolve, reject) => {
    const begun = performance.now()
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const sent = request({ host: "127.0.0.1", port, path, method: "POST", headers, agent: kept }, (answer) => {
      answer.resume()
      answer.on("end", () =>
        (answer.statusCode ?? 500) < 300 ? resolve(performance.now() - begun) : reject(new Error(`${path}: ${answer.statusCode}`))
      )
    })
    sent.on("error", reject)
    sent.end(body)
  })

const follow = (port: number, id: string) =>
  new Promise<{ readonly next: (type: string) => Promise<void>; readonly close: () => void }>((resolve, reject) => {
    const waiting: Array<{ readonly type: string; readonly seen: () => void }> = []
    const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" }
    const sent = request({ host: "127.0.0.1", port, path: `/v1/sessions/${id}/events`, headers }, (answer) => {
      answer.setEncoding("utf8")
      answer.on("data", (text: string) => {
        for (const [, type] of text.matchAll(/"type":"([A-Za-z]+)"/g)) {
          const place = waiting.findIndex((one) => one.type === type)
          if (place >= 0) waiting.splice(place, 1)[0]!.seen()
        }
      })
      answer.on("error", () => {})
      resolve({
        next: (type) => new Promise((seen) => waiting.push({ type, seen })),
        close: () => sent.destroy()
      })
    })
    sent.on("error", reject)
    sent.end()
  })

/** What no program can do without: a request, one row that is with the disk, an answer. */
const durableServer = (path: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const database = new Database(path)
      database.pragma("journal_mode = WAL")
      database.pragma("synchronous = FULL")
      database.exec("create table prompts (id integer primary key, body text) strict")
      const insert = database.prepare("insert into prompts (body) values (?)")
      const server = createServer((asked, answer) => {
        const pieces: Array<Buffer> = []
        asked.on("data", (piece: Buffer) => pieces.push(piece))
        asked.on("end", () => {
          const { lastInsertRowid } = insert.run(Buffer.concat(pieces).toString("utf8"))
          answer.writeHead(202, { "content-type": "application/json" })
          answer.end(JSON.stringify({ id: Number(lastInsertRowid) }))
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const close = () => {
          server.closeAllConnections()
          server.close()
          database.close()
        }
        resume(Effect.succeed({ port: (server.address() as AddressInfo).port, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ port }) => port))
