import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { limits } from "../../../src/domain/limits.ts"
import { makeQueryReader } from "../../../src/domain/terminal-queries.ts"
import { outputDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { Spool } from "../../../src/infra/holder/spool.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { Answering } from "../../../src/infra/screens/answering.ts"
import { Emulators } from "../../../src/infra/screens/emulators.ts"
import { answers, queries } from "../../support/terminal-queries.ts"

const session = "s-000000000000"
const csi = "\x1b["

/** A program that writes into a spool, and what it reads from the terminal after each write. */
const conversing = Effect.gen(function* () {
  const home = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "answering-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const spool = new Spool({
    directory: outputDirectory(home, session),
    retentionBytes: 67_108_864,
    size: { cols: 80, rows: 24 },
    onDropped: () => {},
    onKept: () => {}
  })
  const read = makeQueryReader(0)
  const answering = Effect.flatMap(Answering, (terminals) => terminals.in(session))
  const answer = yield* Effect.provide(
    answering,
    Layer.fresh(Layer.provide(Layer.provide(Answering.layer, Emulators.layer), Output.layer({ home })))
  )
  const heard = (text: string) => {
    spool.append(Buffer.from(text))
    return answer(read(Buffer.from(text)))
  }
  return { spool, heard }
})

describe("a terminal that is asked", () => {
  for (const [name, query] of Object.entries(queries)) {
    it.effect(`answers as it is: ${name}`, () =>
      Effect.gen(function* () {
        const { heard } = yield* conversing
        assert.strictEqual(yield* heard(query), answers[name])
      })
    )
  }

  it.effect("answers from the screen before the question, whatever was drawn after it", () =>
    Effect.gen(function* () {
      const { heard } = yield* conversing
      assert.strictEqual(
        yield* heard(`one\r\ntwo${csi}6n\r\nthree, longer${csi}6n${csi}?2004h${csi}H${csi}?2004$p${csi}6n and more`),
        `${csi}2;4R${csi}3;14R${csi}?2004;1$y${csi}1;1R`
      )
      assert.strictEqual(yield* heard(`${csi}6n`), `${csi}1;10R`)
    })
  )

  it.effect("knows its size, and each new one", () =>
    Effect.gen(function* () {
      const { heard, spool } = yield* conversing
      assert.strictEqual(yield* heard(`text${csi}18t`), `${csi}8;24;80t`)
      spool.resize({ cols: 132, rows: 50 })
      assert.strictEqual(yield* heard(`${csi}99;999H${csi}6n${csi}18t`), `${csi}50;132R${csi}8;50;132t`)
    })
  )

  it.effect("reports the colours and the keyboard that the program chose, and forgets them when it does", () =>
    Effect.gen(function* () {
      const { heard } = yield* conversing
      yield* heard(`\x1b]11;#123456\x07\x1b]4;7;rgb:01/02/03\x07`)
      assert.strictEqual(yield* heard("\x1b]11;?\x07\x1b]4;7;?\x07"), "\x1b]11;rgb:1212/3434/5656\x1b\\\x1b]4;7;rgb:0101/0202/0303\x1b\\")
      assert.strictEqual(yield* heard("\x1b]111\x07\x1b]11;?\x07"), "\x1b]11;rgb:0000/0000/0000\x1b\\")
      const keyboard = `${csi}?u`
      assert.strictEqual(yield* heard(`${csi}>1u${csi}>5u${keyboard}${csi}<u${keyboard}`), `${csi}?5u${csi}?1u`)
      assert.strictEqual(yield* heard(`${csi}?1049h${keyboard}${csi}=3u${keyboard}${csi}?1049l${keyboard}`), `${csi}?0u${csi}?3u${csi}?1u`)
      assert.strictEqual(yield* heard(`${csi}<9u${keyboard}`), `${csi}?0u`)
    })
  )

  it.effect("still knows the screen after it was let go", () =>
    Effect.gen(function* () {
      const { heard } = yield* conversing
      assert.strictEqual(yield* heard(`abc${csi}6n`), `${csi}1;4R`)
      yield* TestClock.adjust(2 * limits.screenIdleMs)
      assert.strictEqual(yield* heard(`def${csi}6n`), `${csi}1;7R`)
    })
  )

  it.effect("answers behind a flood that is longer than what is drawn again", () =>
    Effect.gen(function* () {
      const { heard } = yield* conversing
      yield* heard("line\r\n".repeat(900_000))
      assert.strictEqual(yield* heard(`end${csi}6n`), `${csi}24;4R`)
    })
  )
})
