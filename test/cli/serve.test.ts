/** A daemon that cannot run says why: a person reads one sentence, and nothing is left behind that looks like a daemon. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestDaemon } from "../support/daemon.ts"
import { reprise } from "./support.ts"

const home = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-serve-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const takenPort = Effect.acquireRelease(
  Effect.promise(
    () =>
      new Promise<{ readonly port: number; readonly close: () => void }>((resolve) => {
        const server = createServer()
        server.listen(0, "127.0.0.1", () => resolve({ port: (server.address() as AddressInfo).port, close: () => void server.close() }))
      })
  ),
  ({ close }) => Effect.sync(close)
)

describe("serve", () => {
  it.live("names the port that another program has", () =>
    Effect.gen(function* () {
      const path = yield* home
      const { port } = yield* takenPort
      const { code, stderr } = yield* reprise(path, "serve", "--port", String(port))
      assert.strictEqual(stderr.trim(), `reprise: the daemon cannot run: 127.0.0.1:${port} is in use by another program`)
      assert.deepStrictEqual([code, existsSync(join(path, "daemon.json"))], [1, false])
    }).pipe(Effect.scoped)
  )

  it("answers at the address that it announces", async () => {
    for (const words of [
      ["--host", "127.0.0.2"],
      ["--host", "localhost"],
      ["--host", "0.0.0.0", "--allow-remote"]
    ]) {
      await using daemon = new TestDaemon()
      await daemon.start({}, { words })
      assert.notInclude(daemon.url, "0.0.0.0")
      for (const path of ["/healthz", "/v1/sessions"]) assert.strictEqual((await daemon.ask("GET", path)).status, 200, daemon.url)
    }
  })

  it.live("names the log that is none", () =>
    Effect.gen(function* () {
      const path = yield* home
      writeFileSync(join(path, "reprise.db"), "this was never a database, and it is long enough to be looked at".repeat(64))
      const { code, stderr } = yield* reprise(path, "serve", "--port", "0")
      assert.match(stderr, /^reprise: the daemon cannot run: \S+\/reprise\.db \S.+\n$/)
      assert.strictEqual(code, 1)
    }).pipe(Effect.scoped)
  )
})
