/** The holder's socket as a stranger, an old friend or a fool would use it. */
import { createConnection } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { launchDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { LineReader } from "../../../src/infra/holder/line-reader.ts"
import { lineBytes, parseRequest } from "../../../src/infra/holder/protocol.ts"
import { inHome, launched, outputUntil } from "../../support/holder.ts"

/** Sends text and answers with every message that came until the holder hung up, or until so many had come. */
const say = (home: string, session: string, text: string, messages: number) =>
  Effect.callback<ReadonlyArray<Record<string, unknown>>>((resume) => {
    const heard: Array<Record<string, unknown>> = []
    const socket = createConnection(join(launchDirectory(home, session, 1), "sock"))
    const done = () => {
      socket.destroy()
      resume(Effect.succeed(heard))
    }
    const lines = new LineReader({
      longest: lineBytes,
      onLine: (line) => {
        heard.push(JSON.parse(line))
        if (heard.length === messages) done()
      },
      onTooLong: done
    })
    socket.on("data", (bytes) => lines.push(bytes))
    socket.on("error", () => {})
    socket.on("close", done)
    socket.write(text)
  }).pipe(Effect.timeout("10 seconds"))

const requests = (...all: ReadonlyArray<object>) => all.map((request) => `${JSON.stringify(request)}\n`).join("")

describe("a holder's socket", () => {
  it.live("says hello first, and which process the holder is", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("exec cat")
        const [hello] = yield* say(home, order.session, "", 1)
        assert.deepInclude(hello, { type: "hello", session: order.session, generation: 1, nonce: order.nonce, step: null })
        assert.deepStrictEqual(hello?.process, link.process)
        assert.deepStrictEqual(hello?.protocol, { min: 1, max: 1 })
      })
    )
  )

  it.live("does nothing for a daemon that is not attached, and says so for what it does not know", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { order } = yield* launched("exec cat")
        const text = requests(
          { id: 1, op: "dance" },
          { id: 2, op: "stop", mode: "kill" },
          { id: 3, op: "resize", cols: 0, rows: 1 },
          { id: 4, op: "status" }
        )
        const [, ...replies] = yield* say(home, order.session, text, 5)
        assert.deepStrictEqual(
          replies.map(({ error, id, ok }) => [id, error ?? ok]),
          [
            [1, "unsupported"],
            [2, "not_attached"],
            [3, "malformed"],
            [4, true]
          ]
        )
      })
    )
  )

  for (const [what, text] of Object.entries({
    "no JSON": "hello?\n",
    "no request": "[]\n",
    "a line without an end": `{"id":1,${" ".repeat(lineBytes)}`
  })) {
    it.live(`hangs up on ${what}, and on no other connection`, () =>
      inHome((home) =>
        Effect.gen(function* () {
          const { link, order } = yield* launched("stty -echo; echo ready; exec cat")
          yield* outputUntil(order.session, "ready")
          assert.strictEqual((yield* say(home, order.session, text, 2)).length, 1)
          assert.strictEqual(yield* link.write("w", Buffer.from("fine\r")), "written")
          yield* outputUntil(order.session, "fine")
        })
      )
    )
  }
})

describe("a request", () => {
  it("is one only with every field of its operation", () => {
    assert.isNull(parseRequest('{"op":"status"}'))
    assert.isNull(parseRequest('{"id":-1,"op":"status"}'))
    assert.deepStrictEqual(parseRequest('{"id":1,"op":"attach","epoch":1}'), { id: 1, op: "malformed" })
    assert.deepStrictEqual(parseRequest('{"id":1,"op":"constructor"}'), { id: 1, op: "unsupported" })
    assert.deepInclude(parseRequest('{"id":1,"op":"attach","epoch":1,"after":0,"more":true}'), { op: "attach", epoch: 1 })
  })
})

describe("a line reader", () => {
  it("gives the same lines however they are cut", () => {
    const bytes = Buffer.from("one\n\nzwölf\n🙂🙂\nrest")
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines: Array<string> = []
      const reader = new LineReader({ longest: 100, onLine: (line) => lines.push(line), onTooLong: () => assert.fail("too long") })
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
      assert.deepStrictEqual(lines, ["one", "", "zwölf", "🙂🙂"])
    }
  })
})
