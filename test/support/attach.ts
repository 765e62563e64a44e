/** A person's terminal at the end of an attach connection: what it got, and what its screen shows. */
import { type RawData, WebSocket } from "@effect/platform-node/NodeWS"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { attachProtocol, type ServerFrame } from "../../src/http/contract/terminal.ts"
import { HttpServer } from "../../src/http/server.ts"
import { authorization } from "./http.ts"

export interface Attached {
  readonly socket: WebSocket
  readonly frames: Array<ServerFrame>
  /** Every binary frame so far, one after another. */
  readonly bytes: () => Buffer
  /** The close code, once there is one. */
  readonly closed: () => number | null
}

/** Connects; fails with the HTTP status when the upgrade is refused. */
export const attach = (
  path: string,
  headers: Record<string, string> = authorization,
  protocols: ReadonlyArray<string> = [attachProtocol]
) =>
  Effect.gen(function* () {
    const { port } = yield* HttpServer
    return yield* Effect.acquireRelease(
      Effect.callback<Attached, number>((resume) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], { headers })
        const frames: Array<ServerFrame> = []
        const pieces: Array<Buffer> = []
        let closed: number | null = null
        socket.on("message", (payload: RawData, binary: boolean) => {
          if (binary) pieces.push(payload as Buffer)
          else frames.push(JSON.parse(String(payload)) as ServerFrame)
        })
        socket.on("unexpected-response", (asked, response) => {
          asked.destroy()
          resume(Effect.fail(response.statusCode ?? 0))
        })
        socket.on("error", () => resume(Effect.fail(0)))
        socket.on("close", (code) => {
          closed = code
        })
        socket.on("open", () => resume(Effect.succeed({ socket, frames, bytes: () => Buffer.concat(pieces), closed: () => closed })))
      }),
      ({ socket }) => Effect.sync(() => socket.terminate())
    )
  })

/** Looks until it is so, for ten seconds at most. */
export const until = Effect.fnUntraced(function* (what: string, so: () => boolean) {
  for (let looks = 0; looks < 1_000; looks++) {
    if (so()) return
    yield* Effect.sleep("10 millis")
  }
  assert.fail(`never: ${what}`)
})
