import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { canonicalJson } from "../../src/domain/canonical.ts"

/** What the hashes of the first logs were made with, and must be made with for ever. */
const original = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner
  ) ?? "null"

const Key = Schema.Literals(["b", "a", "10", "9", "00", "-1", "A", "é", "\u{1F600}", "", "9a", "length", "4294967295", "4294967294"])
const Leaf = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null])
const Inner = Schema.Record(Key, Schema.Union([Leaf, Schema.Array(Leaf)]))
const Value = Schema.Record(Key, Schema.Union([Inner, Schema.Array(Inner), Leaf]))

describe("the canonical text", () => {
  it.prop(
    "is what it has always been, numbers among the keys or not",
    [Value],
    ([value]) => assert.strictEqual(canonicalJson(value), original(value)),
    { arbitrary: { runs: 500 } }
  )

  it("has no word for what JSON has none for", () => {
    const odd = { c: undefined, b: [undefined, Number.NaN, () => 0], a: { z: undefined }, d: new Date(0).getTime() }
    assert.strictEqual(canonicalJson(odd), original(odd))
    assert.strictEqual(canonicalJson(undefined), "null")
  })
})
