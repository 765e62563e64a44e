/** The tests with real agents, apart from `npm test`: they need the registry the first time, and minutes. */
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    root: dirname(dirname(dirname(fileURLToPath(import.meta.url)))),
    include: ["test/agents/*.agent.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // An agent takes a core to itself while it starts: two at once are slower than one after the other.
    maxWorkers: 1
  }
})
