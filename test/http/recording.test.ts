import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/server.ts"
import { Output } from "../../src/infra/output/output.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { authorization, home, problemOf, raw, running } from "../support/http.ts"

const get = Effect.fnUntraced(function* (path: string) {
  const { port } = yield* HttpServer
  return yield* raw({ port, path, headers: authorization })
})

interface Event {
  readonly interval: number
  readonly code: string
  readonly text: string
}

/** As the format's specification has it: a header, then events of three parts, nothing else. */
const recordingOf = Effect.fnUntraced(function* (id: string) {
  const { body, headers, status } = yield* get(`/v1/sessions/${id}/recording.cast`)
  assert.deepStrictEqual([status, headers["content-type"]], [200, "application/x-asciicast"])
  assert.isTrue(body.endsWith("\n"))
  const [first, ...lines] = body.slice(0, -1).split("\n")
  const header = JSON.parse(first!) as { version: number; term: { cols: number; rows: number }; timestamp: number; title: string }
  assert.strictEqual(header.version, 3)
  assert.isTrue(Number.isInteger(header.timestamp) && Number.isInteger(header.term.cols) && Number.isInteger(header.term.rows))
  const events = lines.map((line): Event => {
    const event = JSON.parse(line) as [number, string, string]
    assert.isTrue(Array.isArray(event) && event.length === 3 && event[0] >= 0 && Number.isFinite(event[0]), line)
    assert.include(["o", "r", "m", "x"], event[1])
    assert.strictEqual(typeof event[2], "string")
    if (event[1] === "r") assert.match(event[2], /^\d+x\d+$/)
    if (event[1] === "x") assert.match(event[2], /^\d+$/)
    return { interval: event[0], code: event[1], text: event[2] }
  })
  return { header, events }
})

/** What a player draws. */
const played = ({ events, header }: Effect.Success<ReturnType<typeof recordingOf>>) => {
  const emulator = new Emulator(header.term)
  for (const { code, text } of events) {
    if (code === "o") emulator.write(text)
    const [cols = 0, rows = 0] = text.split("x").map(Number)
    if (code === "r") emulator.resize({ cols, rows })
  }
  const picture = emulator.picture()
  emulator.dispose()
  return picture
}

const texts = (events: ReadonlyArray<Event>, code: string) => events.filter((event) => event.code === code).map(({ text }) => text)

describe("the recording of a session", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("of a program that paints its screen itself ends in that screen", () =>
      Effect.gen(function* () {
        const frames =
          "for n in $(seq 300); do printf '\\033[%d;%dH\\033[3%dm frame %d é漢\\033[K' $((n%24+1)) $((n*7%60+1)) $((n%8)) $n; done"
        const script = `printf '\\033[?1049h\\033[2J\\033[3;20r'; ${frames}; printf '\\033[?25l\\033(0lqk\\033(B'; read; ${frames}; read`
        const { api, id, params } = yield* running(["bash", "-c", script])
        const now = Effect.map(api.terminal.screen({ params, query: { format: "json" }, headers: {} }), (shown) => {
          assert(typeof shown !== "string")
          return shown
        })
        while (!(yield* now).lines.some((line) => line.includes("┌─┐"))) yield* Effect.sleep("20 millis")
        const before = (yield* now).offset
        yield* api.sessions.resize({ params, headers: {}, payload: { cols: 90, rows: 30 } })
        yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
        while ((yield* now).offset < 2 * before - 200) yield* Effect.sleep("20 millis")
        const { offset: _, ...shown } = yield* now
        const cast = yield* recordingOf(id)
        assert.deepStrictEqual(played(cast), shown)
        assert.deepStrictEqual([shown.altScreen, texts(cast.events, "r")], [true, ["90x30"]])
      }).pipe(Effect.scoped)
    )

    it.effect.skipIf(!existsSync("/usr/bin/vim"))("of an editor ends in the screen that the editor showed", () =>
      Effect.gen(function* () {
        const directory = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "recording-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
        // An editor that paints its screen itself, with margins and colours, and goes to the alternate screen.
        const { api, id, params } = yield* running(["vim", "-u", "NONE", "-N", "-n", join(directory, "text")], {
          env: { TERM: "xterm-256color" }
        })
        const type = (text: string) => api.sessions.input({ params, headers: {}, payload: { text } })
        const screen = Effect.map(api.terminal.screen({ params, query: { format: "json" }, headers: {} }), (shown) => {
          assert(typeof shown !== "string")
          return shown
        })
        const shows = Effect.fnUntraced(function* (text: string) {
          for (;;) {
            const { lines } = yield* screen
            if (lines.some((line) => line.includes(text))) return
            yield* Effect.sleep("20 millis")
          }
        })
        yield* shows("text")
        yield* type(":set number ruler\rihello wörld 漢字 🙂")
        yield* shows("hello")
        yield* api.sessions.resize({ params, headers: {}, payload: { cols: 60, rows: 15 } })
        yield* type("\x1byy20p:syntax on\r:split\r")
        yield* Effect.sleep("300 millis")
        const { exact: _, offset: __, seq: ___, ...shown } = yield* screen
        const cast = yield* recordingOf(id)
        assert.deepStrictEqual(played(cast), shown)
        assert.deepStrictEqual(shown.altScreen, true)
        assert.deepStrictEqual(texts(cast.events, "r"), ["60x15"])
        assert.deepStrictEqual([cast.header.term.cols, cast.header.term.rows], [80, 24])
        assert.isTrue(texts(cast.events, "m").some((label) => /AgentReady|counted as ready/.test(label)))
      }).pipe(Effect.scoped)
    )

    it.effect("has every byte of text, characters whole, each at its own time, with what happened between them", () =>
      Effect.gen(function* () {
        const script = "read; printf 'a\\303'; sleep 0.3; printf '\\251b'; sleep 0.2; printf '\\377c'; exit 3"
        const { api, id, params } = yield* running(["bash", "-c", script])
        yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
        yield* api.sessions.wait({ params, query: { for: "ended" } })
        const { events, header } = yield* recordingOf(id)
        const whole = yield* get(`/v1/sessions/${id}/output`)
        assert.strictEqual(texts(events, "o").join(""), whole.body)
        assert.include(whole.body, "aéb\ufffdc")
        assert.deepStrictEqual(texts(events, "x"), ["3"])
        let at = 0
        const times = new Map<string, number>()
        for (const { code, interval, text } of events) {
          at += interval
          if (code === "o") for (const letter of text) times.set(letter, at)
        }
        assert.isAtLeast(times.get("b")! - times.get("a")!, 0.25)
        assert.isAtLeast(times.get("c")! - times.get("b")!, 0.15)
        assert.isBelow(at, 30)
        assert.isAtMost(Math.abs(header.timestamp - Date.parse((yield* api.sessions.get({ params, headers: {} })).createdAt) / 1_000), 1)
        const order = events.map(({ code, text }) => (code === "m" ? `m ${text.split(" ").slice(1, 3).join(" ")}` : code))
        assert.isBelow(order.indexOf("m api created"), order.indexOf("o"))
        assert.isAbove(order.indexOf("m The process"), order.indexOf("o"))
        assert.isTrue(texts(events, "m").every((label) => !/\p{Cc}/u.test(label)))
      }).pipe(Effect.scoped)
    )

    it.effect("says what is not kept, and streams what is much", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["bash", "-c", "read; yes 0123456789abcdef | head -c 9000000; echo; echo THE END"])
        yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
        yield* api.sessions.wait({ params, query: { for: "ended", timeout: "60s" } })
        const { socketPath } = yield* HttpServer
        const directory = join(dirname(socketPath), "sessions", id, "output")
        const oldest = readdirSync(directory).toSorted()[0]!.split(".")[0]!
        for (const name of readdirSync(directory).filter((name) => name.startsWith(oldest))) rmSync(join(directory, name))
        const begin = yield* (yield* Output).begin(id)
        const cast = yield* recordingOf(id)
        assert.include(texts(cast.events, "m"), `${begin} bytes of output, from byte 0 on, are not kept`)
        const kept = yield* get(`/v1/sessions/${id}/output`)
        assert.isTrue(texts(cast.events, "o").join("") === kept.body)
        assert.isTrue(played(cast).lines.includes("THE END"))
      }).pipe(Effect.scoped)
    )

    it.effect("of an unknown session is refused by name", () =>
      Effect.gen(function* () {
        assert.strictEqual(problemOf(yield* get("/v1/sessions/s-000000000000/recording.cast"), 404).code, "session_not_found")
      })
    )
  })
})
