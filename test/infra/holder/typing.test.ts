import { execFileSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { assert, describe, it } from "@effect/vitest"
import { Typing } from "../../../src/infra/holder/typing.ts"

/** A pipe that nothing reads: it takes 64 KiB, and then nothing. */
const fullPipe = () => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-typing-"))
  const path = join(directory, "pipe")
  execFileSync("mkfifo", [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  return {
    reader,
    writer,
    [Symbol.dispose]: () => {
      closeSync(reader)
      closeSync(writer)
      rmSync(directory, { recursive: true })
    }
  }
}

describe("what is typed", () => {
  it("waits without work while the terminal takes nothing, and arrives whole once it does", async () => {
    using pipe = fullPipe()
    const typing = new Typing(pipe.writer)
    const text = Buffer.alloc(100_000, "x")
    const outcome = typing.write("w-1", text)
    const before = performance.eventLoopUtilization()
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.isBelow(performance.eventLoopUtilization(before).utilization, 0.5)
    let read = 0
    const buffer = Buffer.alloc(65_536)
    while (read < text.length) {
      try {
        read += readSync(pipe.reader, buffer)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    assert.deepStrictEqual(await outcome, { outcome: "written" })
    assert.strictEqual(read, text.length)
  })
})

/** Everything that is read until the outcome is known. */
const readUntil = async (reader: number, settled: Promise<unknown>): Promise<string> => {
  const buffer = Buffer.alloc(65_536)
  const all: Array<Buffer> = []
  let isOver = false
  void settled.then(() => (isOver = true))
  for (;;) {
    const wasOver = isOver
    try {
      const read = readSync(reader, buffer)
      all.push(Buffer.from(buffer.subarray(0, read)))
    } catch {
      if (wasOver) return Buffer.concat(all).toString()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
const paste = (text: string) => Buffer.from(`\x15\x1b[200~${text}\x1b[201~`)

describe("a submission that is withheld", () => {
  it("presses no Enter where its text is typed, and lets the next piece through", async () => {
    using pipe = fullPipe()
    const typing = new Typing(pipe.writer)
    const withheld = typing.submit("p-1", paste("hello"), 1_000, null)
    const next = typing.write("w-1", Buffer.from("y"))
    typing.withhold("p-1")
    assert.strictEqual(await readUntil(pipe.reader, next), `${paste("hello")}y`)
    assert.deepStrictEqual(await withheld, { outcome: "withheld" })
    assert.deepStrictEqual(await typing.outcome("p-1"), { outcome: "withheld" })
  })

  it("ends the character and the paste that it is cut in", async () => {
    using pipe = fullPipe()
    const typing = new Typing(pipe.writer)
    const withheld = typing.submit("p-1", paste("€".repeat(100_000)), 0, null)
    typing.withhold("p-1")
    const read = await readUntil(pipe.reader, withheld)
    assert.match(read, /^\x15\x1b\[200~€+\x1b\[201~$/u)
    assert.isBelow(read.length, 100_000)
    assert.deepStrictEqual(await withheld, { outcome: "withheld" })
  })

  it("types nothing where it still waits for its turn", async () => {
    using pipe = fullPipe()
    const typing = new Typing(pipe.writer)
    const first = typing.write("w-1", Buffer.alloc(100_000, "x"))
    const waiting = typing.submit("p-1", paste("hello"), 0, null)
    typing.withhold("p-1")
    assert.deepStrictEqual(await waiting, { outcome: "not_written" })
    assert.strictEqual(await readUntil(pipe.reader, first), "x".repeat(100_000))
  })

  it("stays what it is once its Enter is pressed, and says when that was", async () => {
    using pipe = fullPipe()
    const typing = new Typing(pipe.writer)
    const before = Date.now()
    const submitted = typing.submit("p-1", paste("hello"), 0, null)
    assert.strictEqual(await readUntil(pipe.reader, submitted), `${paste("hello")}\r`)
    typing.withhold("p-1")
    typing.withhold("p-2")
    const { enteredAt = 0, outcome } = await submitted
    assert.strictEqual(outcome, "written")
    assert.isAtLeast(enteredAt, before)
    assert.isAtMost(enteredAt, Date.now())
  })
})
