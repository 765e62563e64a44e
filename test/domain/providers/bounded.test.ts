import { assert, describe, it } from "@effect/vitest"
import { limits } from "../../../src/domain/limits.ts"
import { bounded, isConversation, observedBy, saturated } from "../../../src/domain/providers/bounded.ts"
import { blocked, conversation, question, unknown, waiting } from "../../../src/domain/providers/observing.ts"
import { iso, latestMs } from "../../../src/domain/time.ts"

const usage = (inputTokens: number) => ({ inputTokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 })

describe("what an agent says of itself", () => {
  it("names no conversation that would be read as an option, a path or a second word", () => {
    for (const id of ["-c", "--resume", "../../etc/passwd", "a b", "", "a\0", "x".repeat(limits.conversationChars + 1), "é"])
      assert.isNull(bounded(conversation(id, null)), id)
    for (const id of ["0199a213-81c0-7800-8aa1-bbab2a035a53", "ses_4f.1-x", "a"]) assert.isTrue(isConversation(id), id)
  })

  it("names a transcript by an absolute path that a kernel takes, or not at all", () => {
    for (const path of ["relative.jsonl", "", `/${"x".repeat(limits.cwdChars)}`, "/a\0b"])
      assert.deepInclude(bounded(conversation("a", path)), { transcript: null })
    assert.deepInclude(bounded(conversation("a", "/a/b.jsonl")), { transcript: "/a/b.jsonl" })
  })

  it("costs a whole number of tokens, however many it claims", () => {
    for (const claimed of [1e308, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])
      assert.strictEqual(saturated(usage(claimed)).inputTokens, limits.tokens)
    assert.strictEqual(saturated(usage(Number.NaN)).inputTokens, 0)
    assert.strictEqual(saturated(usage(1.5)).inputTokens, 1)
  })

  it("is limited until a moment that a date can name, or until none", () => {
    for (const until of [latestMs + 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      assert.deepInclude(bounded(blocked("rate_limited", "", until)), { until: null })
    assert.deepInclude(bounded(blocked("rate_limited", "", 5)), { until: 5 })
    assert.match(iso(9e15), /^\+275760-09-13T00:00:00/)
  })

  it("was so at a moment that has passed", () => {
    assert.deepStrictEqual(
      [-5, 10, 1e15, Number.NaN].map((at) => observedBy(at, 20)),
      [0, 10, 20, 0]
    )
  })

  it("asks and offers what a fact can hold", () => {
    const huge = "\x1b[2J 漢".repeat(100_000)
    const asked = bounded(
      waiting(
        question(
          "input",
          huge,
          Array.from({ length: 500 }, () => huge)
        )
      )
    )
    assert.isBelow(Buffer.byteLength(JSON.stringify(asked)), 65_536)
    assert.isBelow(Buffer.byteLength(JSON.stringify(bounded(unknown(huge, huge)))), 65_536)
  })
})
