/** Output on disk: kept whole, made whole again after a crash, dropped by rule and never silently. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decodeRecord, encodeRecord, type IndexRecord, recordBytes } from "../../../src/infra/holder/index-record.ts"
import { recoverSegments } from "../../../src/infra/holder/segment-recovery.ts"
import { bytesPath, indexPath, listSegments } from "../../../src/infra/holder/segments.ts"
import { Spool, type SpoolOptions } from "../../../src/infra/holder/spool.ts"
import { eventually } from "../../support/holder.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "spool-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

interface Drop {
  readonly from: number
  readonly to: number
  readonly reason: string
}
const opened = (directory: string, changes: Partial<SpoolOptions> = {}) => {
  const drops: Array<Drop> = []
  const spool = new Spool({
    directory,
    retentionBytes: 67_108_864,
    size: { cols: 80, rows: 24 },
    onDropped: (from, to, reason) => drops.push({ from, to, reason }),
    onKept: () => {},
    ...changes
  })
  return { spool, drops }
}
const kept = (directory: string) =>
  Buffer.concat(listSegments(directory).map((first) => readFileSync(bytesPath(directory, first)))).toString()

describe("an index record", () => {
  const records: ReadonlyArray<IndexRecord> = [
    { kind: "chunk", offset: 2 ** 45, wallMs: 1_700_000_000_123, length: 65_536, crc: 0xffff_ffff },
    { kind: "resize", offset: 7, wallMs: 1, cols: 1_000, rows: 1 },
    { kind: "gap", offset: 0, wallMs: 2, length: 2 ** 40 }
  ]
  it("comes back as it was written", () => {
    for (const record of records) assert.deepStrictEqual(decodeRecord(encodeRecord(record)), record)
  })
  it("with any bit flipped is no record", () => {
    for (const record of records) {
      for (let bit = 0; bit < recordBytes * 8; bit += 1) {
        const bytes = encodeRecord(record)
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        assert.isNull(decodeRecord(bytes), `bit ${bit}`)
      }
    }
  })
})

describe("a spool", () => {
  it.live("goes on where another one stopped without closing", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      opened(directory).spool.append(Buffer.from("one "))
      const { spool } = opened(directory)
      assert.strictEqual(spool.offset, 4)
      spool.append(Buffer.from("two"))
      assert.strictEqual(spool.kept, 7)
      assert.strictEqual(kept(directory), "one two")
    })
  )

  const torn: Readonly<Record<string, (directory: string) => void>> = {
    "bytes without a record": (directory) => appendFileSync(bytesPath(directory, 0), "unconfirmed"),
    "half a record": (directory) => appendFileSync(indexPath(directory, 0), Buffer.alloc(17, 1)),
    "a record of bytes that never came": (directory) =>
      appendFileSync(indexPath(directory, 0), encodeRecord({ kind: "chunk", offset: 8, wallMs: 1, length: 5, crc: 1 })),
    "a record of other bytes": (directory) => {
      appendFileSync(bytesPath(directory, 0), "xyz")
      appendFileSync(indexPath(directory, 0), encodeRecord({ kind: "chunk", offset: 8, wallMs: 1, length: 3, crc: 1 }))
    },
    "zeros, as a power loss leaves them": (directory) => {
      appendFileSync(bytesPath(directory, 0), Buffer.alloc(100))
      appendFileSync(indexPath(directory, 0), Buffer.alloc(recordBytes * 2))
    }
  }
  for (const [what, tear] of Object.entries(torn)) {
    it.live(`cuts a tail torn by ${what}`, () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const before = opened(directory).spool
        before.append(Buffer.from("good "))
        before.append(Buffer.from("old"))
        tear(directory)
        const { spool } = opened(directory)
        assert.strictEqual(spool.offset, 8)
        spool.append(Buffer.from(" new"))
        assert.strictEqual(kept(directory), "good old new")
        assert.strictEqual(recoverSegments(directory).end, 12)
      })
    )
  }

  it.live("believes the bytes up to the first that are missing", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const { spool } = opened(directory)
      for (const word of ["one ", "two ", "three"]) spool.append(Buffer.from(word))
      truncateSync(bytesPath(directory, 0), 6)
      assert.strictEqual(recoverSegments(directory).end, 4)
      assert.strictEqual(kept(directory), "one ")
    })
  )

  it.live("drops the oldest beyond its retention, and says which bytes", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const { drops, spool } = opened(directory, { retentionBytes: 262_144 })
      for (let n = 0; n < 40; n += 1) spool.append(Buffer.alloc(16_384, n))
      const segments = readdirSync(directory).filter((name) => name !== "reserve")
      const sizes = segments.map((name) => statSync(join(directory, name)).size)
      assert.isAtMost(
        sizes.reduce((sum, size) => sum + size, 0),
        262_144 + 65_536
      )
      assert.isAbove(drops.length, 0)
      assert.isTrue(drops.every(({ reason }) => reason === "retention"))
      assert.deepStrictEqual(
        drops.map(({ from }) => from),
        [0, ...drops.slice(0, -1).map(({ to }) => to)]
      )
      assert.strictEqual(listSegments(directory)[0], drops.at(-1)?.to)
      assert.strictEqual(spool.offset, 40 * 16_384)
    })
  )

  it.live("keeps the newest in memory while the disk refuses, and records what that cost", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const directory = join(home, "output")
      const { drops, spool } = opened(directory, { retentionBytes: 2_097_152 })
      spool.append(Buffer.alloc(140_000, "a"))
      // The next append begins a segment, in a directory that is not there any more.
      renameSync(directory, `${directory}.away`)
      for (let n = 0; n < 24; n += 1) spool.append(Buffer.alloc(65_536, "b"))
      assert.strictEqual(spool.kept, 140_000)
      assert.strictEqual(spool.offset, 140_000 + 24 * 65_536)
      renameSync(`${directory}.away`, directory)
      yield* eventually("the disk is tried again", () => spool.kept === spool.offset)
      assert.deepStrictEqual(drops, [{ from: 140_000, to: 140_000 + 8 * 65_536, reason: "disk_full" }])
      spool.append(Buffer.from("end"))
      assert.isTrue(kept(directory).endsWith("bend"))
      assert.strictEqual(kept(directory).length, 140_000 + 16 * 65_536 + 3)
      spool.close()
    })
  )

  it.live("loses nothing when the disk refuses only for a moment", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const directory = join(home, "output")
      const { drops, spool } = opened(directory, { retentionBytes: 1_048_576 })
      spool.append(Buffer.alloc(70_000, "a"))
      rmSync(`${directory}.away`, { recursive: true, force: true })
      renameSync(directory, `${directory}.away`)
      writeFileSync(directory, "in the way")
      spool.append(Buffer.from("waits"))
      rmSync(directory)
      renameSync(`${directory}.away`, directory)
      yield* eventually("the disk is tried again", () => spool.kept === 70_005)
      assert.deepStrictEqual(drops, [])
      mkdirSync(directory, { recursive: true })
      assert.isTrue(kept(directory).endsWith("awaits"))
      spool.close()
    })
  )

  it.live("says at its end what the disk still refuses, once, and goes on counting behind it", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const directory = join(home, "output")
      const { drops, spool } = opened(directory)
      spool.append(Buffer.alloc(70_000, "a"))
      spool.append(Buffer.alloc(4_200_000, "b"))
      renameSync(directory, `${directory}.away`)
      for (let n = 0; n < 20; n += 1) spool.append(Buffer.alloc(65_536, "c"))
      spool.close()
      const end = 4_270_000 + 20 * 65_536
      assert.deepStrictEqual(drops, [{ from: 4_270_000, to: end, reason: "disk_full" }])
      assert.strictEqual(spool.offset, end)
      assert.strictEqual(spool.kept, 4_270_000)
    })
  )
})
