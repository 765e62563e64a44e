/** The chains of tests with real agents: `npm run test:agents` for all, `npm run test:agents pi codex` for some. Installs what is missing. */
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type AgentName, agentNames, installed, pinned } from "../test/agents/installed.ts"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !agentNames.some((known) => known === name))
if (unknown.length > 0) {
  console.error(`no agent is called ${unknown.join(", ")}; there are ${agentNames.join(", ")}`)
  process.exit(2)
}
const names = wanted.length === 0 ? agentNames : (wanted as ReadonlyArray<AgentName>)

for (const name of names) console.log(`${pinned[name].package} ${pinned[name].version}: ${await installed(name)}`)

const vitest = join(root, "node_modules/vitest/vitest.mjs")
const files = names.map((name) => `test/agents/${name}.agent.ts`)
const { status } = spawnSync(process.execPath, [vitest, "run", "--config", "test/agents/vitest.config.ts", ...files], {
  cwd: root,
  stdio: "inherit"
})
process.exit(status ?? 1)
