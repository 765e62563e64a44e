import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, it } from "vitest"
import { runTelling } from "../support/telling-script.ts"
import { bareChain } from "./bare-chain.ts"
import { chain } from "./chain.ts"
import { installed } from "./installed.ts"

bareChain("opencode", {
  ready: /ctrl\+p commands/,
  fresh: () => [],
  resume: (conversation) => ["-s", conversation],
  conversation: ({ scratch: { cwd, env } }) => {
    const { stdout } = spawnSync("opencode", ["session", "list", "--format", "json"], {
      cwd,
      env: { ...process.env, ...env },
      encoding: "utf8"
    })
    return (JSON.parse(stdout) as ReadonlyArray<{ readonly id: string }>)[0]!.id
  }
})

chain("opencode", { sources: ["hook", "screen", "osc"], asks: true, forks: true, models: "/models" })

it("opencode's plugin makes its next call when the daemon does not answer one", { timeout: 60_000 }, async () => {
  const opencode = join(await installed("opencode"), "opencode")
  expect(await runTelling(opencode, ["/bin/true"], { BUN_BE_BUN: "1" })).toBe("first\nsecond\n")
})
