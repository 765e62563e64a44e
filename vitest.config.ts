import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 30_000,
    // Real processes share two cores: more workers would only make each of them late.
    maxWorkers: 2
  }
})
