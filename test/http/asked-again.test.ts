/** The client before a daemon that takes a connection and closes it without an answer. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { understood } from "../../src/cli/daemon.ts"
import { makeClient } from "../../src/http/client.ts"

/** Closes the first `closes` connections once their request has come; answers the others with a problem. */
const closing = (closes: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const seen: Array<string> = []
      const server = createServer((request, response) => {
        seen.push(`${request.method}`)
        if (seen.length <= closes) return void request.socket.destroy()
        response.writeHead(404, { "content-type": "application/problem+json" }).end("{}")
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return { server, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) => Effect.sync(() => server.close())
  )

const id = "s-000000000000" as never

describe("a request whose connection is closed without an answer", () => {
  it.live("is sent once more where it reads, or has an idempotency key", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* closing(1)
      const client = yield* makeClient({ url, token: "t" })
      yield* Effect.result(client.sessions.get({ params: { id }, headers: {} }))
      assert.deepStrictEqual(seen, ["GET", "GET"])
      const other = yield* closing(1)
      const { sessions } = yield* makeClient({ url: other.url, token: "t" })
      yield* Effect.result(sessions.stop({ params: { id }, headers: { "idempotency-key": "k" }, payload: {} }))
      assert.deepStrictEqual(other.seen, ["POST", "POST"])
    }).pipe(Effect.scoped)
  )
  it.live("is not sent again where it changes something and has no key, nor a third time", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* closing(3)
      const client = yield* makeClient({ url, token: "t" })
      yield* Effect.result(client.sessions.stop({ params: { id }, headers: {}, payload: {} }))
      yield* Effect.result(client.sessions.get({ params: { id }, headers: {} }))
      assert.deepStrictEqual(seen, ["POST", "GET", "GET"])
    }).pipe(Effect.scoped)
  )
  it.live("is not said to have met no daemon", () =>
    Effect.gen(function* () {
      const { url } = yield* closing(2)
      const client = yield* makeClient({ url, token: "t" })
      const failure = yield* Effect.flip(
        Effect.mapError(client.sessions.get({ params: { id }, headers: {} }), understood("/home/of/it", null))
      )
      assert.match(failure.message, /^the daemon of \/home\/of\/it closed the connection .* \(ECONNRESET\)/)
    }).pipe(Effect.scoped)
  )
})
