/** The package as a user installs it: packed, installed without a network, and run without anything of the checkout. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { TestDaemon, until } from "../support/daemon.ts"
import { start } from "./support.ts"

const root = join(import.meta.dirname, "../..")
/** The machine's own Node, where it is too old for the program. */
const old = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path) && path !== process.execPath)
const place = mkdtempSync(join(tmpdir(), "reprise-package-test-"))
const prefix = join(place, "prefix")
const installed = join(prefix, "lib/node_modules/reprise")
const executable = join(installed, "bin/reprise.js")

const bytesBelow = (path: string): number =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { name, parentPath }) => sum + readFileSync(join(parentPath, name)).length, 0)

describe("the package", () => {
  beforeAll(() => {
    execFileSync(process.execPath, [join(root, "scripts/package.ts"), place], { stdio: ["ignore", "ignore", "pipe"] })
    const [tarball] = readdirSync(place).filter((name) => name.endsWith(".tgz"))
    const quiet = ["--offline", "--no-audit", "--no-fund", "--silent"]
    execFileSync("npm", ["install", "--global", "--prefix", prefix, ...quiet, join(place, tarball!)], { stdio: "inherit" })
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))

  it("installs without a network, and takes at most 60 MB beside Node", () => {
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"))
    assert.isUndefined(manifest.dependencies)
    assert.isBelow(bytesBelow(prefix), 60_000_000)
    assert.match(readFileSync(join(installed, "THIRD-PARTY.md"), "utf8"), /^## effect [\d.]+: MIT$/m)
  })

  it("runs a session, draws its screen and stops it, with nothing but its own files", async () => {
    await using daemon = new TestDaemon()
    await daemon.start({}, { executable })
    const { id } = await daemon.create(["sh", "-c", "echo packed; exec cat"])
    await until("the screen is drawn", async () => String(await daemon.done("GET", `/v1/sessions/${id}/screen`)).includes("packed"))
    await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
    await daemon.reaches(id, "ended", ({ state }) => state === "ended")
  })

  it.skipIf(old === undefined)("runs no Node of which the registry sent other content than the package names", async () => {
    const asked: Array<string> = []
    const registry = createServer(({ url = "" }, response) => {
      asked.push(url)
      if (url.endsWith(".tgz")) return response.end("something else")
      const name = url.slice(1)
      const { version } = JSON.parse(readFileSync(join(installed, `node/${process.platform}-${process.arch}/package.json`), "utf8"))
      const dist = { tarball: `${origin()}/${name}-${version}.tgz` }
      return response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } }))
    }).listen(0, "127.0.0.1")
    const origin = () => `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
    await new Promise((resolve) => registry.once("listening", resolve))
    const cache = join(place, "cache")
    mkdirSync(cache)
    const env = {
      XDG_CACHE_HOME: cache,
      npm_config_registry: origin(),
      npm_config_cache: join(place, "npm"),
      npm_config_fetch_retries: "0"
    }
    const { code, stderr } = await start(place, ["--version"], { node: old!, executable, env }).ended
    registry.close()
    assert.include(asked.join(" "), ".tgz")
    assert.strictEqual(code, 1)
    assert.match(stderr, /integrity|EINTEGRITY/i)
    assert.match(stderr, /^reprise needs Node 24 or newer, and this is v\d[^\n]*: install it, or set REPRISE_NODE to its path$/m)
    assert.deepStrictEqual(readdirSync(join(cache, "reprise")), [])
  })
})
