/** What was written once is read for ever, and what cannot be read is named. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { factTypes } from "../../src/domain/facts.ts"
import { decodeFact, type EncodedFact, encodeFact, UnreadableFact } from "../../src/domain/upcast.ts"
import { facts } from "../support/facts.ts"
import { golden } from "../support/golden.ts"

const file = new URL("facts.golden.jsonl", import.meta.url)
const resized = encodeFact(facts().find(({ type }) => type === "Resized")!)
const unreadable = (row: EncodedFact, steps?: Parameters<typeof decodeFact>[1]): UnreadableFact => {
  const read = decodeFact(row, steps)
  assert(Result.isFailure(read), `read as ${JSON.stringify(Result.isSuccess(read) && read.success)}`)
  assert.instanceOf(read.failure, UnreadableFact)
  return read.failure
}

describe("a fact in the log", () => {
  it("is written as it always was", () => {
    golden(
      file,
      facts()
        .map((fact) => `${JSON.stringify(encodeFact(fact))}\n`)
        .join("")
    )
  })

  it("of every type is among those that must be read", () => {
    assert.sameMembers([...new Set(facts().map(({ type }) => type))], [...factTypes])
  })

  it("is read as what it meant, and written again byte for byte", () => {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n")
    assert.lengthOf(lines, facts().length)
    for (const [index, line] of lines.entries()) {
      const read = Result.getOrThrow(decodeFact(JSON.parse(line)))
      assert.deepStrictEqual(read, facts()[index])
      assert.strictEqual(JSON.stringify(encodeFact(read)), line)
    }
  })

  it("of a type that this version does not know is unreadable by that name", () => {
    const failure = unreadable({ ...resized, type: "MindRead" })
    assert.deepInclude({ ...failure }, { factType: "MindRead", schemaVersion: 1, reason: "this version does not know the type" })
  })

  it("is not taken for one of Object's own names", () => {
    for (const type of ["constructor", "toString", "__proto__"]) unreadable({ ...resized, type })
  })

  it("of a newer version is unreadable, even if it looks like ours", () => {
    assert.strictEqual(unreadable({ ...resized, schemaVersion: 2 }).reason, "written by a newer version")
  })

  it("with a field that this version does not know is read without it, at every depth", () => {
    const known = Result.getOrThrow(decodeFact(resized))
    const size = { ...(resized.data.size as object), depth: 24 }
    for (const data of [
      { ...resized.data, depth: 24 },
      { ...resized.data, size }
    ])
      assert.deepStrictEqual(Result.getOrThrow(decodeFact({ ...resized, data })), known)
  })

  it("whose payload is broken is unreadable: a field missing, or of another type", () => {
    for (const data of [{ offset: 0 }, { offset: 0, size: { cols: "80", rows: 24 } }, { offset: -1, size: { cols: 80, rows: 24 } }])
      assert.isNotEmpty(unreadable({ ...resized, data }).reason)
  })
})

describe("an upcaster chain", () => {
  /** As if a size had once been a text, and then a pair. */
  const steps = {
    Resized: [
      (data: EncodedFact["data"]) => ({ ...data, size: String(data.size).split("x").map(Number) }),
      (data: EncodedFact["data"]) => {
        const [cols, rows] = data.size as ReadonlyArray<number>
        return { ...data, size: { cols, rows } }
      }
    ]
  }
  const meant = facts().find(({ type }) => type === "Resized")

  it("brings each older version up, by the steps that it lacks and no others", () => {
    const versions: ReadonlyArray<unknown> = ["120x40", [120, 40], { cols: 120, rows: 40 }]
    for (const [index, size] of versions.entries())
      assert.deepStrictEqual(
        Result.getOrThrow(decodeFact({ ...resized, schemaVersion: index + 1, data: { ...resized.data, size } }, steps)),
        meant
      )
  })

  it("leaves a row of the present version as it is, and the row that it reads untouched", () => {
    const row = Object.freeze({ ...resized, schemaVersion: 3, data: Object.freeze({ ...resized.data }) })
    const once = Result.getOrThrow(decodeFact(row, steps))
    assert.deepStrictEqual(once, Result.getOrThrow(decodeFact({ ...encodeFact(once), schemaVersion: 3 }, steps)))
    assert.deepStrictEqual(row.data, resized.data)
  })

  it("does not excuse a version beyond its end", () => {
    assert.strictEqual(unreadable({ ...resized, schemaVersion: 4 }, steps).reason, "written by a newer version")
  })
})
