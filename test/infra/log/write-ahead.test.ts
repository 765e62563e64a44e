import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { damageOf, readCommitted, readWriteAhead } from "../../../src/infra/log/write-ahead.ts"

const directory = mkdtempSync(join(tmpdir(), "reprise-write-ahead-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const block = 4_096
const frameBytes = 24 + 4_096
const path = join(directory, "copy.db")

/** The write-ahead log of a connection that does not close: `commits` of one row each, after `earlier` in a round before. */
const logOf = (commits: number, earlier = 0): Buffer => {
  const source = join(directory, `${commits}-${earlier}.db`)
  const database = new Sqlite(source)
  database.pragma("journal_mode = WAL")
  database.pragma("synchronous = FULL")
  database.exec("create table facts (number integer primary key, text text) strict")
  const insert = database.prepare("insert into facts (text) values (?)")
  for (let index = 0; index < earlier; index++) insert.run("x".repeat(2_000))
  if (earlier > 0) database.pragma("wal_checkpoint(RESTART)")
  for (let index = 0; index < commits; index++) insert.run("y".repeat(2_000))
  copyFileSync(source, path)
  const wal = readFileSync(`${source}-wal`)
  database.close()
  return wal
}
const judged = (wal: Buffer): string | null => {
  writeFileSync(`${path}-wal`, wal)
  return damageOf(path)
}
const filled = (wal: Buffer, from: number, to: number, byte: (index: number) => number): Buffer => {
  const copy = Buffer.from(wal)
  for (let at = from; at < Math.min(to, copy.length); at++) copy[at] = byte(at)
  return copy
}
const zeros = () => 0
const noise = (at: number) => (Math.imul(at + 1, 0x9e3779b1) >>> 13) & 0xff

describe("a write-ahead log", () => {
  const whole = logOf(30)
  const frames = (whole.length - 32) / frameBytes

  it("that is whole is taken", () => {
    assert.isNull(judged(whole))
    assert.strictEqual(readWriteAhead(path)?.frames, frames)
  })

  for (const [what, byte] of [
    ["zeros", zeros],
    ["noise", noise]
  ] as const) {
    it(`with a block of ${what} anywhere before its last frame is refused, and the sentence says where to cut`, () => {
      const last = 32 + (frames - 1) * frameBytes
      for (let at = 0; at + block <= last; at += block) {
        const sentence = judged(filled(whole, at, at + block, byte))
        const cut = /truncate -s (\d+) /.exec(sentence ?? "")?.[1]
        assert.isDefined(cut, `block ${at / block} of ${frames} frames: ${sentence}`)
        assert.isAtMost(Number(cut), at + block)
        assert.isNull(judged(whole.subarray(0, Number(cut))), `cut at ${cut}`)
      }
    })
    it(`with ${what} over its first 64 KiB, or over the whole of it, is refused`, () => {
      for (const to of [65_536, whole.length]) assert.include(judged(filled(whole, 0, to, byte)) ?? "", "truncate -s 0 ")
    })
  }

  it("with a hole at any frame but the last ones is refused", () => {
    for (let frame = 0; frame < frames - 2; frame++) {
      const at = 32 + frame * frameBytes
      for (const bytes of [24, frameBytes, 3 * frameBytes])
        if (at + bytes < whole.length) assert.isNotNull(judged(filled(whole, at, at + bytes, zeros)), `${bytes} bytes at frame ${frame}`)
    }
  })

  it("that is cut anywhere, as a crash leaves it, is taken", () => {
    for (let size = 0; size <= whole.length; size += 1_009) assert.isNull(judged(whole.subarray(0, size)), `${size} bytes`)
  })

  it("whose last frame is torn, or lacks, is taken", () => {
    const last = 32 + (frames - 1) * frameBytes
    for (const from of [last, last + 24, last + 2_000]) {
      assert.isNull(judged(filled(whole, from, whole.length, zeros)))
      assert.isNull(judged(filled(whole, from, whole.length, noise)))
    }
  })

  it("with frames of an earlier round behind the valid ones is taken, and refused with a hole before", () => {
    const wal = logOf(10, 30)
    assert.isNull(judged(wal))
    const found = readWriteAhead(path)
    assert.isTrue(found !== null && found.frames > 0 && 32 + found.frames * frameBytes < wal.length)
    assert.isNotNull(judged(filled(wal, block, 2 * block, zeros)))
    assert.isNotNull(judged(filled(wal, 0, 16, zeros)))
  })

  it("is missed where its index counts commits that are gone, and not where the database has them", () => {
    const source = join(directory, "indexed.db")
    const copy = join(directory, "killed.db")
    const database = new Sqlite(source)
    database.pragma("journal_mode = WAL")
    database.pragma("synchronous = FULL")
    database.exec("create table facts (number integer primary key, text text) strict")
    for (let index = 0; index < 5; index++) database.prepare("insert into facts (text) values (?)").run("y".repeat(2_000))
    const killed = () => {
      for (const end of ["", "-wal", "-shm"]) copyFileSync(`${source}${end}`, `${copy}${end}`)
    }
    killed()
    assert.isNull(damageOf(copy))
    const { frames } = readWriteAhead(copy)!
    assert.strictEqual(readCommitted(copy)?.frames, frames)
    const wal = readFileSync(`${copy}-wal`)
    writeFileSync(
      `${copy}-wal`,
      filled(wal, 32 + frameBytes * (frames - 1) + 100, 32 + frameBytes * (frames - 1) + 116, () => 0xa5)
    )
    assert.include(damageOf(copy) ?? "", `behind frame ${frames - 1}`)
    rmSync(`${copy}-wal`)
    assert.include(damageOf(copy) ?? "", "its write-ahead log is gone")
    database.pragma("wal_checkpoint(FULL)")
    killed()
    rmSync(`${copy}-wal`)
    assert.isNull(damageOf(copy))
    database.close()
  })
})
