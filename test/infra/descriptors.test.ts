import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { limits } from "../../src/domain/limits.ts"
import { allowedDescriptors, shareOf } from "../../src/infra/descriptors.ts"

describe("the descriptors of a process", () => {
  it("are read from the kernel", () => {
    assert.isAbove(allowedDescriptors(), 0)
  })

  it("are shared so that the daemon's own are never taken, whatever the limit", () => {
    const { forDaemon, minimum, perConnection, perSession } = limits.descriptors
    for (let allowed = minimum; allowed < 20_000; allowed += 7) {
      const share = shareOf(allowed)
      assert.isNotNull(share)
      assert.isAtLeast(share.liveSessions, 1)
      assert.isAtLeast(share.connections, 8)
      assert.isAtMost(share.liveSessions * perSession + share.connections * perConnection + forDaemon, allowed)
    }
    assert.deepStrictEqual(shareOf(1_000_000), { liveSessions: limits.liveSessions, connections: limits.connections })
  })

  it("are shared as the handbook says", () => {
    const page = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8")
    const rows = [...page.matchAll(/^\| ([\d,]+)(?: and more)? \| (\d+) \| ([\d,]+) \|$/gm)]
    const number = (text = "") => Number(text.replaceAll(",", ""))
    assert.lengthOf(rows, 4)
    for (const [, allowed, liveSessions, connections] of rows) {
      assert.deepStrictEqual(shareOf(number(allowed)), { liveSessions: number(liveSessions), connections: number(connections) }, allowed)
    }
  })

  it("are too few for a daemon below the minimum", () => {
    assert.isNull(shareOf(limits.descriptors.minimum - 1))
  })
})
