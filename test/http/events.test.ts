import { request } from "node:http"
import { connect, type Socket } from "node:net"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { followEvents } from "../../src/http/client.ts"
import type { LoggedEvent } from "../../src/http/contract/events.ts"
import { HttpServer } from "../../src/http/server.ts"
import { authorization, client, home, problemOf, raw, running, token } from "../support/http.ts"

interface Frame {
  readonly id: number | null
  readonly event: string
  readonly data: string
}

const framesOf = (text: string): ReadonlyArray<Frame> =>
  text
    .split("\n\n")
    .slice(0, -1)
    .map((block) =>
      Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]))
    )
    .filter((fields) => fields.event !== undefined)
    .map((fields) => ({ id: fields.id === undefined ? null : Number(fields.id), event: fields.event ?? "", data: fields.data ?? "" }))

/** Reads a stream until `enough` says so of the text so far, and cuts the connection there. */
const cut = (port: number, path: string, headers: Record<string, string>, enough: (text: string) => boolean) =>
  Effect.callback<string>((resume) => {
    const asked = request(
      { port, path, agent: false, headers: { ...authorization, accept: "text/event-stream", ...headers } },
      (response) => {
        let text = ""
        response.on("error", () => {})
        response.on("data", (piece: Buffer) => {
          text += String(piece)
          if (!enough(text)) return
          asked.destroy()
          resume(Effect.succeed(text))
        })
        response.on("end", () => resume(Effect.succeed(text)))
      }
    )
    asked.on("error", () => {})
    asked.end()
    return Effect.sync(() => asked.destroy())
  })

describe("the log over the wire", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    const pageOf = Effect.fnUntraced(function* (path: string) {
      const { port } = yield* HttpServer
      const { body, status } = yield* raw({ port, path, headers: authorization })
      assert.strictEqual(status, 200, body)
      return JSON.parse(body) as { data: Array<LoggedEvent>; nextCursor: number; hasMore: boolean }
    })

    /** Adds facts to a session, one for each call. */
    const rename = Effect.fnUntraced(function* (session: Effect.Success<ReturnType<typeof running>>, times: number) {
      for (let n = 0; n < times; n++) {
        yield* session.api.sessions.patch({ params: session.params, headers: {}, payload: { name: `name ${n}` } })
      }
    })

    it.effect("comes in pages that follow one another without a gap", () =>
      Effect.gen(function* () {
        const session = yield* running(["cat"])
        yield* rename(session, 20)
        const seqs: Array<number> = []
        for (let after = 0, more = true; more; ) {
          const page = yield* pageOf(`/v1/sessions/${session.id}/events?after=${after}&limit=7`)
          seqs.push(...page.data.map(({ seq }) => seq))
          assert.isAtMost(page.data.length, 7)
          after = page.nextCursor
          more = page.hasMore
        }
        assert.isAtLeast(seqs.length, 20)
        assert.deepStrictEqual(
          seqs,
          seqs.map((_, index) => index + 1)
        )
        const { data } = yield* pageOf(`/v1/sessions/${session.id}/events?limit=1`)
        assert.deepStrictEqual(Object.keys(data[0] ?? {}), [
          "position",
          "seq",
          "session",
          "generation",
          "type",
          "at",
          "inputId",
          "data",
          "stateHash"
        ])
        assert.match(data[0]?.at ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      }).pipe(Effect.scoped)
    )

    it.effect("refuses a cursor ahead of it, and says where it is", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const { id } = yield* running(["cat"])
        for (const path of ["/v1/events", `/v1/sessions/${id}/events`]) {
          const told = problemOf(yield* raw({ port, path: `${path}?after=999999`, headers: authorization }), 400) as unknown as {
            code: string
            head: number
          }
          assert.strictEqual(told.code, "cursor_ahead")
          assert.isAbove(told.head, 0)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("answers a stream whose cursor is ahead with a reset, and goes on from the head", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const session = yield* running(["cat"])
        const head = (yield* session.api.sessions.get({ params: session.params, headers: {} })).seq
        const path = `/v1/sessions/${session.id}/events?after=999999`
        yield* Effect.forkChild(Effect.andThen(Effect.sleep("100 millis"), rename(session, 1)))
        const [reset, next] = framesOf(yield* cut(port, path, {}, (text) => text.includes("SessionPatched") && text.endsWith("\n\n")))
        assert.deepStrictEqual(
          [reset?.event, reset?.id, JSON.parse(reset?.data ?? "{}")],
          ["reset", head, { reason: "cursor_ahead", head }]
        )
        assert.deepStrictEqual([next?.event, next?.id], ["SessionPatched", head + 1])
      }).pipe(Effect.scoped)
    )

    it.effect("is whole and in order for a client that is cut off a hundred times", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const session = yield* running(["cat"])
        const writing = yield* Effect.forkChild(rename(session, 400))
        const seen: Array<Frame> = []
        for (let cuts = 0; cuts < 100; cuts++) {
          // Anywhere: within a frame too. What was not received whole is asked for again.
          const bytes = 40 + ((cuts * 7_919) % 1_500)
          const after = seen.at(-1)?.id
          const headers: Record<string, string> = after == null ? {} : { "last-event-id": String(after) }
          const text = yield* Effect.timeoutOption(
            cut(port, "/v1/events?after=0", headers, (text) => text.length >= bytes),
            "500 millis"
          )
          if (text._tag === "Some") seen.push(...framesOf(text.value.slice(0, bytes)).filter(({ event }) => event !== "heartbeat"))
        }
        yield* Fiber.join(writing)
        let done = false
        while (!done) {
          const page = yield* pageOf(`/v1/events?after=${seen.at(-1)?.id ?? 0}&limit=1000`)
          done = !page.hasMore
          seen.push(...page.data.map(({ position, type, ...event }) => ({ id: position, event: type, data: JSON.stringify(event) })))
        }
        const all: Array<LoggedEvent> = []
        for (let after = 0, more = true; more; ) {
          const page = yield* pageOf(`/v1/events?after=${after}&limit=1000`)
          all.push(...page.data)
          after = page.nextCursor
          more = page.hasMore
        }
        assert.isAtLeast(all.length, 400)
        assert.deepStrictEqual(
          seen.map(({ event, id }) => [id, event]),
          all.map(({ position, type }) => [position, type])
        )
      }).pipe(Effect.scoped)
    )

    // Six megabytes of facts: a busy machine takes its time for them.
    it.effect(
      "waits for readers that do not read, holds nobody else up, and has lost nothing when they read on",
      () =>
        Effect.gen(function* () {
          const { port } = yield* HttpServer
          const { api, id, params } = yield* running(["cat"])
          const { seq } = yield* api.sessions.get({ params, headers: {} })
          const stalled = yield* Effect.all(Array.from({ length: 5 }, () => stalledReader(port, `/v1/sessions/${id}/events?after=${seq}`)))
          // Each fact weighs eight kilobytes: together more than the kernel takes for a reader.
          const labels = (n: number) => Object.fromEntries(Array.from({ length: 32 }, (_, k) => [`key-${k}`, `${n} `.padEnd(250, "x")]))
          const patch = (n: number) => api.sessions.patch({ params, headers: {}, payload: { labels: labels(n) } })
          yield* Effect.forEach(
            Array.from({ length: 800 }, (_, n) => n),
            patch,
            { concurrency: 20, discard: true }
          )
          const path = `/v1/sessions/${id}/events?after=${seq}`
          const patched = (text: string) =>
            framesOf(text)
              .filter(({ event }) => event === "SessionPatched")
              .map(({ id }) => id)
          const other = yield* cut(port, path, {}, (text) => text.length > 6_000_000 && patched(text).length >= 800)
          for (const reader of stalled) {
            assert.isBelow(reader.text().length, other.length / 2)
            reader.socket.resume()
          }
          const last = `id: ${patched(other).at(-1)}\n`
          for (const reader of stalled) {
            // The newest alone is searched, since the whole is megabytes; the marks of chunks may stand anywhere in it.
            const newest = () => unchunked(reader.text().slice(-40_000))
            const whole = (text: string) => text.includes(last) && text.includes("\n\n", text.indexOf(last))
            for (let looks = 0; looks < 2_000 && !whole(newest()); looks++) yield* Effect.sleep("50 millis")
            const frames = unchunked(reader.text().slice(reader.text().indexOf("id: ")))
            assert.deepStrictEqual(patched(frames), patched(other))
          }
        }).pipe(Effect.scoped),
      180_000
    )

    const unchunked = (text: string) => text.replaceAll(/\r\n[0-9a-f]+\r\n/g, "")

    const stalledReader = (port: number, path: string) =>
      Effect.acquireRelease(
        Effect.callback<{ readonly socket: Socket; readonly text: () => string }>((resume) => {
          const pieces: Array<string> = []
          const headers = `Host: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n`
          const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${path} HTTP/1.1\r\n${headers}\r\n`))
          socket.setEncoding("utf8")
          socket.on("data", (piece) => pieces.push(String(piece)))
          socket.once("data", () => {
            socket.pause()
            resume(Effect.succeed({ socket, text: () => pieces.join("") }))
          })
        }),
        ({ socket }) => Effect.sync(() => socket.destroy())
      )

    it.effect("is followed by the typed client", () =>
      Effect.gen(function* () {
        const session = yield* running(["cat"])
        const api = yield* client
        const types = yield* followEvents(api, { session: session.id, after: 0 }).pipe(
          Stream.take(2),
          Stream.map((said) => (said._tag === "Event" ? said.event.type : said._tag)),
          Stream.runCollect
        )
        assert.strictEqual(types[0], "SessionCreated")
      }).pipe(Effect.scoped)
    )
  })
})
