/** The daemon's side of the output: exact bytes or a gap by name, also while a holder writes. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { outputDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { bytesPath, indexPath, listSegments } from "../../../src/infra/holder/segments.ts"
import { Spool } from "../../../src/infra/holder/spool.ts"
import { Output, type OutputChunk } from "../../../src/infra/output/output.ts"

const session = "s-000000000000"

/** A spool in the place of a holder's, and the output service over the same home. */
const withSpool = <A, E>(test: (spool: Spool, directory: string) => Effect.Effect<A, E, Output>, retentionBytes = 67_108_864) =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "output-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const directory = outputDirectory(home, session)
    const spool = new Spool({ directory, retentionBytes, size: { cols: 80, rows: 24 }, onDropped: () => {}, onKept: () => {} })
    return yield* Effect.provide(test(spool, directory), Layer.fresh(Output.layer({ home })))
  }).pipe(Effect.scoped)

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const textOf = (chunks: ReadonlyArray<OutputChunk>) =>
  chunks.map((chunk) => (chunk._tag === "Bytes" ? text(chunk.bytes) : `<${chunk.from}-${chunk.to}>`)).join("")

describe("output", () => {
  it.effect("is read from any offset, and is empty at its end and beyond", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const output = yield* Output
        assert.deepInclude(yield* output.read(session, 0, 10), { _tag: "Bytes", next: 0, end: 0 })
        spool.append(Buffer.from("hello world"))
        const page = yield* output.read(session, 6, 3)
        assert.deepInclude(page, { _tag: "Bytes", from: 6, next: 9, end: 11 })
        assert.strictEqual(page._tag === "Bytes" && text(page.bytes), "wor")
        assert.deepInclude(yield* output.read(session, 11, 10), { next: 11, end: 11 })
        assert.deepInclude(yield* output.read(session, 99, 10), { next: 99, end: 11 })
        assert.deepStrictEqual([yield* output.begin(session), yield* output.end(session)], [0, 11])
        const tail = yield* output.tail(session, 5)
        assert.deepStrictEqual([tail.from, text(tail.bytes)], [6, "world"])
      })
    )
  )

  it.effect("shows no byte that the index does not confirm", () =>
    withSpool((spool, directory) =>
      Effect.gen(function* () {
        const output = yield* Output
        spool.append(Buffer.from("sure"))
        appendFileSync(bytesPath(directory, 0), "perhaps")
        appendFileSync(indexPath(directory, 0), Buffer.alloc(40, 7))
        const page = yield* output.read(session, 0, 100)
        assert.strictEqual(page._tag === "Bytes" && text(page.bytes), "sure")
        assert.strictEqual(yield* output.end(session), 4)
      })
    )
  )

  it.effect("names what retention has taken, and goes on behind it", () =>
    withSpool(
      (spool, directory) =>
        Effect.gen(function* () {
          const output = yield* Output
          for (let n = 0; n < 20; n += 1) spool.append(Buffer.alloc(32_768, 65 + n))
          const begin = yield* output.begin(session)
          assert.isAbove(begin, 0)
          assert.deepStrictEqual(yield* output.read(session, 0, 10), { _tag: "Gap", from: 0, to: begin })
          const middle = listSegments(directory)[1]!
          rmSync(bytesPath(directory, middle))
          const chunks = yield* output.follow(session, 0).pipe(
            Stream.takeUntil((chunk) => chunk._tag === "Bytes" && chunk.offset + chunk.bytes.length === spool.kept),
            Stream.runCollect
          )
          const gaps = chunks.flatMap((chunk) => (chunk._tag === "Gap" ? [chunk] : []))
          assert.deepStrictEqual(gaps, [
            { _tag: "Gap", from: 0, to: begin },
            { _tag: "Gap", from: middle, to: listSegments(directory).find((first) => first > middle)! }
          ])
          const tail = yield* output.tail(session, 1_000_000)
          assert.strictEqual(tail.from, gaps[1]?.to)
          const index = yield* Stream.runCollect(output.index(session, 0))
          assert.deepInclude(index[0], { kind: "gap", offset: 0, length: begin })
          assert.deepInclude(index[1], { kind: "resize", cols: 80, rows: 24 })
        }),
      262_144
    )
  )

  it.effect("is followed as it comes, woken by the bell alone", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const output = yield* Output
        const words = ["one ", "two ", "three ", "four."]
        const reader = yield* output.follow(session, 0).pipe(
          Stream.takeUntil((chunk) => chunk._tag === "Bytes" && text(chunk.bytes).endsWith(".")),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        for (const word of words) {
          spool.append(Buffer.from(word))
          output.ring(session, spool.kept)
          yield* Effect.yieldNow
        }
        const chunks = yield* Fiber.join(reader)
        assert.strictEqual(textOf(chunks), words.join(""))
        assert.isAbove(chunks.length, 1)
      })
    )
  )

  it.effect("waits for a reader that stalls, which holds one chunk and misses nothing", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const output = yield* Output
        const pull = yield* Stream.toPull(output.follow(session, 0))
        spool.append(Buffer.from("first"))
        output.ring(session, spool.kept)
        assert.strictEqual(textOf(yield* pull), "first")
        for (let n = 0; n < 64; n += 1) {
          spool.append(Buffer.alloc(65_536, 66))
          output.ring(session, spool.kept)
        }
        let seen = 5
        while (seen < spool.kept) {
          const chunks = yield* pull
          assert.strictEqual(chunks.length, 1)
          for (const chunk of chunks) {
            assert.isTrue(chunk._tag === "Bytes" && chunk.offset === seen && chunk.bytes.length <= 65_536)
            seen += chunk._tag === "Bytes" ? chunk.bytes.length : 0
          }
        }
      }).pipe(Effect.scoped)
    )
  )

  it.effect("keeps the times of its chunks and the sizes of the screen, from any offset", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const output = yield* Output
        spool.append(Buffer.from("one"))
        spool.resize({ cols: 100, rows: 30 })
        spool.resize({ cols: 120, rows: 40 })
        spool.append(Buffer.from("two"))
        spool.append(Buffer.from("three"))
        const shown = (from: number) =>
          Effect.map(Stream.runCollect(output.index(session, from)), (records) =>
            records.map((record) =>
              record.kind === "resize" ? `${record.offset}:${record.cols}x${record.rows}` : `${record.kind}@${record.offset}`
            )
          )
        assert.deepStrictEqual(yield* shown(0), ["0:80x24", "chunk@0", "3:100x30", "3:120x40", "chunk@3", "chunk@6"])
        assert.deepStrictEqual(yield* shown(4), ["3:120x40", "chunk@3", "chunk@6"])
        assert.deepStrictEqual(yield* shown(11), ["3:120x40"])
      })
    )
  )
})
