import { assert, describe, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { HttpServer } from "../../src/http/server.ts"
import { EventReader } from "../../src/infra/log/event-store.ts"
import { Output } from "../../src/infra/output/output.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { Screens } from "../../src/infra/screens/screens.ts"
import { type Attached, attach, until } from "../support/attach.ts"
import { authorization, client, home, raw, running, toCreate } from "../support/http.ts"

describe("a terminal connection", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.effect("restores the screen, then shows every byte after it once, and types", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const first = yield* attach(`/v1/sessions/${id}/attach`)
        yield* until("hello", () => first.frames.length > 0)
        assert.strictEqual(first.frames[0]?.type, "hello")
        first.socket.send(Buffer.from("typed here\r"))
        yield* until("echo", () => first.bytes().toString().split("typed here").length >= 3)

        const second = yield* attach(`/v1/sessions/${id}/attach`)
        yield* until("restored", () => second.bytes().includes("typed here"))
        first.socket.send(Buffer.from("both see this\r"))
        yield* until("both", () => [first, second].every(({ bytes }) => bytes().toString().split("both see this").length >= 3))

        const [one, two] = [new Emulator({ cols: 80, rows: 24 }), new Emulator({ cols: 80, rows: 24 })]
        one.write(first.bytes())
        two.write(second.bytes())
        assert.deepStrictEqual(two.picture(), one.picture())
        const { ansi: _, offset: __, ...now } = yield* (yield* Screens).now(id, { cols: 80, rows: 24 })
        assert.deepStrictEqual(two.picture(), now)
      }).pipe(Effect.scoped)
    )

    it.effect("keeps what is typed while the agent is still on its way", () =>
      Effect.gen(function* () {
        const api = yield* client
        const { id } = yield* api.sessions.create({ headers: {}, payload: toCreate({ command: ["cat"], cwd: "/tmp" }) })
        const early = yield* attach(`/v1/sessions/${id}/attach`)
        early.socket.send(Buffer.from("typed too early\r"))
        yield* until("echo", () => early.bytes().toString().split("typed too early").length >= 3)
      }).pipe(Effect.scoped)
    )

    it.effect("joins a flood at one exact byte", () =>
      Effect.gen(function* () {
        const script = "for i in $(seq 1 60000); do echo line $i; done; echo THE END; cat"
        const { id } = yield* running(["bash", "-c", script])
        const joined: Array<Attached> = []
        for (let n = 0; n < 5; n++) joined.push(yield* attach(`/v1/sessions/${id}/attach?mode=view`))
        const ended = ({ bytes }: { bytes: () => Buffer }) => bytes().includes("THE END")
        yield* until("the end", () => joined.every(ended))
        const output = yield* Output
        const end = yield* output.end(id)
        for (const { bytes, frames } of joined) {
          const restarts = frames.filter(({ type }) => type === "hello" || type === "gap")
          const last = restarts.at(-1)!
          const from = last.type === "hello" ? last.offset : last.type === "gap" ? last.to : 0
          const expected = yield* read(output, id, from, end)
          assert.isTrue(
            bytes()
              .subarray(bytes().length - expected.length)
              .equals(expected),
            `from ${from} to ${end}`
          )
        }
      }).pipe(Effect.scoped)
    )

    const read = Effect.fnUntraced(function* (output: Output["Service"], id: string, from: number, to: number) {
      const pieces: Array<Uint8Array> = []
      for (let at = from; at < to; ) {
        const page = yield* output.read(id, at, to - at)
        assert.strictEqual(page._tag, "Bytes")
        if (page._tag === "Gap") break
        pieces.push(page.bytes)
        at = page.next
      }
      return Buffer.concat(pieces)
    })

    it.effect("gives a client that stopped reading the present screen, and says what it missed", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running([
          "bash",
          "-c",
          "read; yes 0123456789012345678901234567890123456789 | head -c 24000000; echo THE END; cat"
        ])
        const slow = yield* attach(`/v1/sessions/${id}/attach?mode=view`)
        yield* until("hello", () => slow.frames.length > 0)
        slow.socket.pause()
        const before = process.memoryUsage().rss
        yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
        const output = yield* Output
        let end = 0
        for (let tries = 0; tries < 600 && end < 24_000_000; tries++) {
          yield* Effect.sleep("50 millis")
          end = yield* output.end(id)
        }
        assert.isAtLeast(end, 24_000_000)
        assert.isBelow(process.memoryUsage().rss - before, 200_000_000)
        slow.socket.resume()
        yield* until("the end", () => slow.bytes().includes("THE END"))
        const gaps = slow.frames.filter((frame) => frame.type === "gap")
        assert.isAtLeast(gaps.length, 1)
        assert.isBelow(slow.bytes().length, 20_000_000)
        const emulator = new Emulator({ cols: 80, rows: 24 })
        emulator.write(slow.bytes())
        const { ansi: _, offset: __, ...now } = yield* (yield* Screens).now(id, { cols: 80, rows: 24 })
        assert.deepStrictEqual(emulator.picture().lines, now.lines)
      }).pipe(Effect.scoped)
    )

    it.effect("takes back between two launches whatever the first has switched on", () =>
      Effect.gen(function* () {
        const keepalive = { mode: "always", baseMs: 100, maxAttempts: 3 }
        const on = "\\033[?5h\\033[20h\\033[>1u\\033[>3u\\033[>4;2m\\033]17;red\\007\\033[22;0t\\033[?2027h"
        const { api, id, params } = yield* running(
          ["bash", "-c", `[ $REPRISE_GENERATION = 1 ] && printf '${on}up'; read -r line; exit 7`],
          {
            keepalive
          }
        )
        const seen = yield* attach(`/v1/sessions/${id}/attach`)
        yield* until("drawn", () => seen.bytes().includes("up"))
        const before = seen.bytes().length
        yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
        yield* until("the end", () => seen.frames.some(({ type }) => type === "exit"))
        const after = seen.bytes().subarray(before).toString()
        for (const off of ["[?5l", "[20l", "[<2u", "[>4;0m", "]117", "[23;0t", "[?2027l"]) assert.include(after, `\x1b${off}`)
      }).pipe(Effect.scoped)
    )

    it.effect("answers an agent's question for colours with what the client's terminal has reported", () =>
      Effect.gen(function* () {
        const ask =
          "import sys,os,tty;tty.setraw(0);sys.stdout.write('up');sys.stdout.flush();os.read(0,1);sys.stdout.write('\\x1b]11;?\\x07\\x1b]4;1;?\\x07\\x1b[?996n');sys.stdout.flush();b=b'';\nwhile not b.endswith(b'n'): b+=os.read(0,99)\nprint(repr(b),'END');os.read(0,1)"
        const { id } = yield* running(["python3", "-c", ask])
        const seen = yield* attach(`/v1/sessions/${id}/attach`)
        yield* until("drawn", () => seen.bytes().includes("up"))
        seen.socket.send(JSON.stringify({ type: "asking" }))
        seen.socket.send(Buffer.from("x"))
        yield* Effect.sleep("200 millis")
        assert.notInclude(seen.bytes().toString(), "END")
        const colours = { background: "ffff/ffff/eeee", palette: [null, "abab/0000/0000"] }
        seen.socket.send(JSON.stringify({ type: "colours", colours, isLast: true }))
        yield* until("answered", () => seen.bytes().includes("END"))
        for (const told of ["]11;rgb:ffff/ffff/eeee", "]4;1;rgb:abab/0000/0000", "[?997;2n"]) assert.include(seen.bytes().toString(), told)
        assert.notInclude(seen.bytes().toString(), "\x1b]11;?")
      }).pipe(Effect.scoped)
    )

    it.effect("reports an end, of the next generation, and of the last end", () =>
      Effect.gen(function* () {
        const keepalive = { mode: "always", baseMs: 100, maxAttempts: 3 }
        const { api, id, params } = yield* running(["bash", "-c", "echo up $REPRISE_GENERATION; read -r line; exit 7"], { keepalive })
        const seen = yield* attach(`/v1/sessions/${id}/attach`)
        yield* until("hello", () => seen.frames.length > 0)
        seen.socket.send(Buffer.from("x\r"))
        yield* until("exit", () => seen.frames.some(({ type }) => type === "exit"))
        const exit = seen.frames.find((frame) => frame.type === "exit")
        assert.deepInclude(exit, { generation: 1, code: 7, signal: null, cause: "crashed" })
        yield* until("generation", () => seen.frames.some((frame) => frame.type === "generation" && frame.generation === 2))
        yield* until("its output", () => seen.bytes().includes("up 2"))
        yield* api.sessions.terminate({ params, headers: {}, payload: {} })
        yield* until("close", () => seen.closed() !== null)
        assert.strictEqual(seen.closed(), 1000)
        assert.strictEqual(seen.frames.filter(({ type }) => type === "exit").length, 2)
      }).pipe(Effect.scoped)
    )

    it.effect("resizes the terminal for every client", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["cat"])
        const seen = yield* attach(`/v1/sessions/${id}/attach`)
        const other = yield* attach(`/v1/sessions/${id}/attach?mode=view`)
        yield* until("hello", () => other.frames.length > 0)
        other.socket.send(JSON.stringify({ type: "resize", cols: 11, rows: 11 }))
        seen.socket.send(JSON.stringify({ type: "resize", cols: 100, rows: 30 }))
        yield* until("resize", () => other.frames.some((frame) => frame.type === "resize" && frame.cols === 100))
        assert.deepStrictEqual((yield* api.sessions.get({ params, headers: {} })).size, { cols: 100, rows: 30 })
        assert.isFalse(seen.frames.some((frame) => frame.type === "resize" && frame.cols === 11))
      }).pipe(Effect.scoped)
    )

    it.effect("is closed for typing when it may only look, and for sending an unknown message", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const viewer = yield* attach(`/v1/sessions/${id}/attach?mode=view`)
        viewer.socket.send(Buffer.from("x"))
        yield* until("close", () => viewer.closed() !== null)
        assert.strictEqual(viewer.closed(), 1008)
        const stranger = yield* attach(`/v1/sessions/${id}/attach`)
        stranger.socket.send('{"type":"reboot"}')
        yield* until("close", () => stranger.closed() !== null)
        assert.strictEqual(stranger.closed(), 1007)
        const shouting = yield* attach(`/v1/sessions/${id}/attach`)
        shouting.socket.send(Buffer.alloc(65_537))
        yield* until("close", () => shouting.closed() !== null)
        assert.strictEqual(shouting.closed(), 1009)
      }).pipe(Effect.scoped)
    )

    it.effect("is refused in HTTP whatever is wrong", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const path = `/v1/sessions/${id}/attach`
        const refused = (asked: ReturnType<typeof attach>) => Effect.flip(asked)
        assert.strictEqual(yield* refused(attach(path, {})), 401)
        assert.strictEqual(yield* refused(attach(path, { ...authorization, host: "evil.example" })), 421)
        assert.strictEqual(yield* refused(attach(path, { ...authorization, origin: "http://evil.example" })), 403)
        assert.strictEqual(yield* refused(attach(path, authorization, ["other.v1"])), 400)
        assert.strictEqual(yield* refused(attach(path, authorization, [])), 400)
        assert.strictEqual(yield* refused(attach(`${path}?mode=drive`)), 400)
        assert.strictEqual(yield* refused(attach(`${path}?colour=red`)), 400)
        assert.strictEqual(yield* refused(attach("/v1/sessions/s-0123456789ab/attach")), 404)
        assert.strictEqual(yield* refused(attach("/v1/sessions/x/attach")), 400)
        assert.strictEqual(yield* refused(attach("/v1/elsewhere")), 404)
        assert.strictEqual(yield* refused(attach(`${path}?ticket=made-up`, {})), 401)
      }).pipe(Effect.scoped)
    )

    it.effect("is opened by a ticket, once, for the session and the mode it names", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["cat"])
        const other = yield* running(["cat"])
        const issue = api.terminal.attachTicket({ params, payload: { mode: "view" } })
        const { ticket } = yield* issue
        const page = yield* attach(`/v1/sessions/${id}/attach?mode=control&ticket=${ticket}`, {})
        yield* until("hello", () => page.frames.length > 0)
        assert.deepInclude(page.frames[0], { type: "hello", mode: "view" })
        assert.strictEqual(yield* Effect.flip(attach(`/v1/sessions/${id}/attach?ticket=${ticket}`, {})), 401)
        const second = yield* issue
        assert.strictEqual(yield* Effect.flip(attach(`/v1/sessions/${other.id}/attach?ticket=${second.ticket}`, {})), 401)
        const { port } = yield* HttpServer
        assert.strictEqual((yield* raw({ port, path: `/v1/sessions/${id}?ticket=${second.ticket}` })).status, 401)
      }).pipe(Effect.scoped)
    )

    it.effect("leaves nothing behind when it goes", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["cat"])
        for (let n = 0; n < 20; n++) {
          const { socket } = yield* attach(`/v1/sessions/${id}/attach`)
          if (n % 2 === 0) socket.terminate()
          else socket.close()
        }
        let clients = -1
        for (let tries = 0; tries < 400 && clients !== 0; tries++) {
          clients = (yield* api.sessions.get({ params, headers: {} })).clients
          if (clients !== 0) yield* Effect.sleep("10 millis")
        }
        assert.strictEqual(clients, 0)
        const reader = yield* EventReader
        const facts = yield* reader.follow({ stream: id, after: 0 }).pipe(
          Stream.filter(({ type }) => type === "ClientDetached"),
          Stream.take(20),
          Stream.runCollect
        )
        assert.strictEqual(facts.length, 20)
      }).pipe(Effect.scoped)
    )
  })
})
