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
    assert.strictEqual(await outcome, "written")
    assert.strictEqual(read, text.length)
  })
})
