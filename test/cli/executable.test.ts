import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { until } from "../support/daemon.ts"
import { executable, start } from "./support.ts"

/** The machine's own Node, where it is too old for the program: the case that the executable is for. */
const old = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path) && path !== process.execPath)
if (old === undefined) console.warn("no second Node on this machine: nothing here tests the executable on an older one")

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-exe-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** The executable alone, as if nothing had been installed along with it. */
const alone = Effect.map(directory, (path) => {
  cpSync(executable, join(path, "reprise.mjs"))
  return join(path, "reprise.mjs")
})

describe.skipIf(old === undefined)("the executable on an older Node", () => {
  const node = old!

  it.live("runs the program on the Node that came with it, exit code and all", () =>
    Effect.gen(function* () {
      const home = yield* directory
      const version = yield* Effect.promise(() => start(home, ["--version"], { node }).ended)
      assert.deepStrictEqual([version.code, version.stdout.trim()], [0, "reprise v0.1.0"])
      assert.strictEqual((yield* Effect.promise(() => start(home, ["ls"], { node }).ended)).code, 5)
      assert.match((yield* Effect.promise(() => start(home, ["doctor"], { node }).ended)).stdout, /ok {4}Node v2[4-9]/)
    }).pipe(Effect.scoped)
  )

  it.live("passes signals on, and ends as the program does", () =>
    Effect.gen(function* () {
      const home = yield* directory
      const daemon = start(home, ["serve", "--port", "0"], { node })
      yield* Effect.promise(() => until("the daemon listens", () => existsSync(join(home, "daemon.json"))))
      daemon.kill("SIGTERM")
      const { code } = yield* Effect.promise(() => daemon.ended)
      assert.deepStrictEqual([code, existsSync(join(home, "daemon.json"))], [0, false])
    }).pipe(Effect.scoped)
  )

  it.live("says in one line what is missing, and never calls itself in a circle", () =>
    Effect.gen(function* () {
      const home = yield* directory
      const copy = yield* alone
      for (const env of [{ REPRISE_NODE: "" }, { REPRISE_NODE: node }, { REPRISE_NODE: "/no/such/node" }]) {
        const { code, stderr } = yield* Effect.promise(() => start(home, ["ls"], { node, executable: copy, env }).ended)
        assert.strictEqual(code, 1)
        assert.match(stderr, /^reprise needs Node 24 or newer[^\n]*\n$/)
      }
    }).pipe(Effect.scoped)
  )

  it.live("takes REPRISE_NODE where nothing came with it", () =>
    Effect.gen(function* () {
      const path = yield* directory
      // A checkout without its own Node: everything else is there.
      for (const name of ["src", "package.json"]) symlinkSync(join(executable, "../..", name), join(path, name))
      cpSync(executable, join(path, "bin/reprise.js"), { recursive: true })
      const { code, stdout } = yield* Effect.promise(
        () => start(path, ["--version"], { node, executable: join(path, "bin/reprise.js"), env: { REPRISE_NODE: process.execPath } }).ended
      )
      assert.deepStrictEqual([code, stdout.trim()], [0, "reprise v0.1.0"])
    }).pipe(Effect.scoped)
  )
})
