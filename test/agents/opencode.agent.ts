import { spawnSync } from "node:child_process"
import { bareChain } from "./bare-chain.ts"
import { chain } from "./chain.ts"

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

chain("opencode", { sources: ["hook", "screen", "osc"], asks: true, forks: true })
