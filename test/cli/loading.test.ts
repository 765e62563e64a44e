import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { start } from "./support.ts"

/** Writes every module that is resolved to stderr. */
const spy = `import { registerHooks } from "node:module"
registerHooks({ resolve: (name, context, next) => { const found = next(name, context); console.error("loaded " + found.url); return found } })`

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-load-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

describe("a command", () => {
  it.live("loads nothing of the daemon, so that it starts in a moment", () =>
    Effect.gen(function* () {
      const home = yield* directory
      writeFileSync(join(home, "spy.mjs"), spy)
      const { code, stderr } = yield* Effect.promise(
        () => start(home, ["ls"], { env: { NODE_OPTIONS: `--import ${join(home, "spy.mjs")}` } }).ended
      )
      const loaded = stderr.split("\n").filter((line) => line.startsWith("loaded "))
      assert.strictEqual(code, 5)
      // The source, or the build where that is newer.
      assert.isTrue(loaded.some((line) => /\/src\/http\/client\.ts$|\/dist\/chunk-\w+\.js$/.test(line)))
      const ofTheDaemon =
        /\/(better-sqlite3|node-pty|kysely|undici|ws|@xterm)\/|\/src\/(actors|infra)\/|\/src\/serve\.ts|\/dist\/(serve|Undici|upgrade)-/
      assert.deepStrictEqual(
        loaded.filter((line) => ofTheDaemon.test(line)),
        []
      )
    }).pipe(Effect.scoped)
  )
})
