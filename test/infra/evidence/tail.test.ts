/** A file that a writer appends to, truncates and replaces while it is read: real files, real watches. */
import { execFileSync } from "node:child_process"
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, Stream } from "effect"
import { type Tailed, tail } from "../../../src/infra/evidence/tail.ts"

const inDirectory = <A, E>(test: (path: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tail-"))),
    (directory) => test(join(directory, "deep", "er", "file.jsonl")),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )

const write = (path: string, content: string | Uint8Array) => {
  mkdirSync(dirname(path), { recursive: true })
  appendFileSync(path, content)
}

/** What a reader keeps that is stopped and started again: the lines, and where it goes on. */
class Reader {
  readonly path: string
  readonly longest: number | undefined
  readonly told: Array<Tailed> = []
  at = 0
  #fiber: Fiber.Fiber<void> | null = null

  constructor(path: string, longest?: number) {
    this.path = path
    this.longest = longest
  }

  readonly start = Effect.suspend(() =>
    Effect.forkDetach(
      Stream.runForEach(tail(this.path, this.at, this.longest === undefined ? {} : { longestLine: this.longest }), (one) =>
        Effect.sync(() => {
          this.told.push(one)
          if (one._tag !== "Unreadable") this.at = one._tag === "Restarted" ? 0 : one.to
        })
      ),
      { startImmediately: true }
    ).pipe(
      Effect.tap((fiber) =>
        Effect.sync(() => {
          this.#fiber = fiber
        })
      )
    )
  )
  readonly stop = Effect.suspend(() => (this.#fiber === null ? Effect.void : Fiber.interrupt(this.#fiber)))

  get lines() {
    return this.told.flatMap((one) => (one._tag === "Lines" ? one.lines : []))
  }
}

const following = <A, E>(reader: Reader, use: Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    reader.start,
    () => use,
    () => reader.stop
  )

const until = (what: string, holds: () => boolean, withinMs = 10_000) =>
  Effect.gen(function* () {
    for (const begun = Date.now(); !holds(); yield* Effect.sleep(2)) {
      if (Date.now() - begun > withinMs) return yield* Effect.die(new Error(`never: ${what}`))
    }
  })

describe("the tail of a file", () => {
  it.live("is awaited with its directories, and comes by whole lines soon after each is written", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        const reader = new Reader(path)
        yield* following(
          reader,
          Effect.gen(function* () {
            yield* Effect.sleep(20)
            write(path, "one\r\ntwö\u2028still two")
            // Far below the interval at which files are looked at without a word from the kernel.
            yield* until("the first line", () => reader.lines.length === 1, 1_000)
            write(path, "\n\nlast\n")
            yield* until("the others", () => reader.lines.length === 4, 1_000)
          })
        )
        assert.deepStrictEqual(reader.lines, ["one\r", "twö\u2028still two", "", "last"])
        assert.strictEqual(reader.at, statSync(path).size)
      })
    )
  )

  it.live("goes on where it stopped, and the places join", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        write(path, "a\nb\nhalf")
        const reader = new Reader(path)
        yield* following(
          reader,
          until("the lines", () => reader.lines.length === 2)
        )
        assert.deepStrictEqual(reader.told, [{ _tag: "Lines", from: 0, to: 4, lines: ["a", "b"] }])
        write(path, " and half\nc\n")
        yield* following(
          reader,
          until("the rest", () => reader.lines.length === 4)
        )
        assert.deepStrictEqual(reader.told.at(-1), { _tag: "Lines", from: 4, to: 20, lines: ["half and half", "c"] })
      })
    )
  )

  it.live("says that the file shrank, or that another stands in its place, and reads that from its beginning", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        write(path, "a\nb\n")
        const reader = new Reader(path)
        yield* following(
          reader,
          Effect.gen(function* () {
            yield* until("the lines", () => reader.lines.length === 2)
            truncateSync(path, 0)
            yield* until("the restart", () => reader.told.at(-1)?._tag === "Restarted", 1_000)
            write(path, "c\n")
            yield* until("the line after it", () => reader.lines.length === 3, 1_000)
            writeFileSync(`${path}.new`, "a longer file than the one before\n")
            write(path, "written last\n")
            renameSync(`${path}.new`, path)
            yield* until("the other file", () => reader.lines.length === 5, 1_000)
            rmSync(path)
            yield* Effect.sleep(20)
            write(path, "made again\n")
            yield* until("the next file", () => reader.lines.length === 6, 1_000)
          })
        )
        assert.deepStrictEqual(
          reader.told.map((one) => (one._tag === "Lines" ? one.lines.join() : one._tag)),
          ["a,b", "Restarted", "c", "written last", "Restarted", "a longer file than the one before", "Restarted", "made again"]
        )
      })
    )
  )

  it.live("is not gone on with in another file that came while it was not read, though it is as long", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        for (const other of ["x\n", "a much longer line than those\n"]) {
          rmSync(path, { force: true })
          write(path, "ab\ncd\n")
          const reader = new Reader(path)
          yield* following(
            reader,
            until("the lines", () => reader.lines.length === 2)
          )
          writeFileSync(path, other)
          yield* following(
            reader,
            until("the other", () => reader.lines.length === 3)
          )
          assert.deepStrictEqual(reader.told.slice(1), [
            { _tag: "Restarted" },
            { _tag: "Lines", from: 0, to: other.length, lines: [other.trim()] }
          ])
        }
      })
    )
  )

  it.live("takes up a line again that its writer took back", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        write(path, "a\ntorn")
        const reader = new Reader(path)
        yield* following(
          reader,
          Effect.gen(function* () {
            yield* until("the line", () => reader.lines.length === 1)
            truncateSync(path, 2)
            yield* Effect.sleep(20)
            write(path, "b\n")
            yield* until("the next", () => reader.lines.length === 2)
          })
        )
        assert.deepStrictEqual(reader.lines, ["a", "b"])
      })
    )
  )

  it.live("names a line that is too long, and reads what comes after", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        write(path, `first\n${"x".repeat(200_000)}`)
        const reader = new Reader(path, 1_000)
        yield* following(
          reader,
          Effect.gen(function* () {
            yield* until("the first", () => reader.lines.length === 1)
            write(path, `y\n${"z".repeat(1_000)}\nlast\n`)
            yield* until("the last", () => reader.lines.at(-1) === "last")
          })
        )
        assert.deepStrictEqual(reader.told[1], { _tag: "Skipped", from: 6, to: 200_008 })
        assert.deepStrictEqual(
          reader.lines.map(({ length }) => length),
          [5, 1_000, 4]
        )
      })
    )
  )

  it.live("says once why it cannot read what is no file, and awaits one, also where nothing can stand", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        mkdirSync(dirname(path), { recursive: true })
        execFileSync("mkfifo", [path])
        const readers = [path, dirname(path), "/dev/zero", `${path}/below`, `${path}${"x".repeat(300)}`, `${path}\0`].map(
          (other) => new Reader(other)
        )
        for (const reader of readers) yield* reader.start
        const reasons = ["NOT_REGULAR", "NOT_REGULAR", "NOT_REGULAR", null, "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"]
        yield* until("their reasons", () => readers.every(({ told }, index) => told.length > 0 || reasons[index] === null), 5_000)
        yield* Effect.sleep(50)
        assert.deepStrictEqual(
          readers.map(({ told }) => told),
          reasons.map((code) => (code === null ? [] : [{ _tag: "Unreadable" as const, code }]))
        )
        rmSync(path)
        write(path, "a file at last\n")
        yield* until("its line", () => readers[0]!.lines.length === 1, 1_000)
        for (const reader of readers) yield* reader.stop
      })
    )
  )

  it.live("costs nothing while nothing is written", () =>
    inDirectory((path) =>
      Effect.gen(function* () {
        const readers = Array.from({ length: 50 }, (_, n) => new Reader(`${path}${n}`))
        for (const reader of readers) yield* reader.start
        yield* Effect.sleep(20)
        for (const { path } of readers.slice(25)) write(path, "line\n")
        yield* Effect.sleep(100)
        const before = process.cpuUsage()
        yield* Effect.sleep(600)
        const { system, user } = process.cpuUsage(before)
        for (const reader of readers) yield* reader.stop
        // Microseconds; one reader that looks again and again would take all the time there is.
        assert.isBelow(system + user, 200_000)
        assert.strictEqual(readers.flatMap(({ lines }) => lines).length, 25)
      })
    )
  )

  it.live.prop(
    "has every line once and whole, however it was written, and however often its reader was stopped",
    [
      Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))).check(
        Schema.isMinLength(5),
        Schema.isMaxLength(60)
      )
    ],
    ([chance]) =>
      inDirectory((path) =>
        Effect.gen(function* () {
          const lines = chance.map((number, n) => `${n} ${"ünï→💥".repeat(number % 900)}`)
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""))
          const reader = new Reader(path)
          yield* reader.start
          for (let at = 0, n = 0; at < bytes.length; n += 1) {
            const number = chance[n % chance.length]!
            const size = 1 + (number % (1 + Math.ceil(bytes.length / 20)))
            write(path, bytes.subarray(at, at + size))
            at += size
            if (number % 3 === 0) yield* Effect.yieldNow
            if (number % 7 === 0) yield* Effect.sleep(1)
            if (number % 5 > 2) continue
            yield* reader.stop
            yield* reader.start
          }
          yield* until("the last line", () => reader.at === bytes.length).pipe(Effect.ensuring(reader.stop))
          assert.deepStrictEqual(reader.lines, lines)
          let end = 0
          for (const one of reader.told) {
            assert(one._tag === "Lines")
            assert.strictEqual(one.from, end)
            end = one.to
          }
        })
      ),
    { arbitrary: { runs: 40 } }
  )
})
