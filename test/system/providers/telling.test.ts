import { expect, it } from "vitest"
import { runTelling } from "../../support/telling-script.ts"

it("the sender makes its next call when a hook program ignores SIGTERM", { timeout: 60_000 }, async () => {
  // The program ends by itself after a minute, should the sender fail to end it.
  const stubborn = [process.execPath, "-e", 'process.on("SIGTERM", () => {}); setTimeout(() => {}, 60_000)']
  expect(await runTelling(process.execPath, stubborn)).toBe("first\nsecond\n")
})
