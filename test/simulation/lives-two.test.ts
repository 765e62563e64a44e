import { describe, it } from "@effect/vitest"
import { live } from "./lives.ts"
import { open } from "./museum.ts"

/** The other half, for the other core. */
describe("any other world", () => {
  it("keeps every promise, too", { timeout: 900_000 }, () => live(1_001, 1_000, open))
})
