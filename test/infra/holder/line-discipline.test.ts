/** What the holder refuses to type, in real terminals: what the kernel would cut, what would be hidden, what nothing reads. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { limits } from "../../../src/domain/limits.ts"
import { readProcess } from "../../../src/infra/holder/process-table.ts"
import { eventually, inHome, launched, outputUntil } from "../../support/holder.ts"

const bytes = (text: string) => Buffer.from(text)

describe("a holder that is given something to type", () => {
  it.live("refuses a line that the terminal would cut, before its first byte, and takes the longest that it keeps", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched(
          "stty -echo; echo on; exec python3 -uc 'import sys\nfor l in sys.stdin: print(len(l) - 1, end=str()+chr(46)+chr(10))'"
        )
        yield* outputUntil(order.session, "on\r\n")
        assert.strictEqual(yield* link.write("w1", bytes(`short\n${"x".repeat(4_096)}\r`)), "line_too_long")
        assert.strictEqual(yield* link.write("w2", bytes(`${"x".repeat(4_095)}\r`)), "written")
        assert.strictEqual(yield* outputUntil(order.session, "4095.\r\n"), "on\r\n4095.\r\n")
      })
    )
  )

  it.live("types a long line into a terminal that does not wait for its end", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty raw -echo; printf on; head -c 9001 | wc -c")
        yield* outputUntil(order.session, "on")
        assert.strictEqual((yield* link.submit("w1", bytes("x".repeat(9_000)), 0, Effect.succeed(true))).outcome, "written")
        yield* outputUntil(order.session, "9001")
      })
    )
  )

  it.live("types no prompt while a password is asked for, and the same prompt afterwards", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty -echo; echo Password:; read -r p; stty echo; echo hush; read -r l; echo got $l")
        yield* outputUntil(order.session, "Password:\r\n")
        assert.strictEqual((yield* link.submit("p1", bytes("rm -rf build"), 0, Effect.succeed(true))).outcome, "echo_off")
        assert.strictEqual(yield* link.write("w1", bytes("secret\r")), "written")
        yield* outputUntil(order.session, "hush\r\n")
        assert.strictEqual((yield* link.submit("p1", bytes("hello"), 0, Effect.succeed(true))).outcome, "written")
        yield* outputUntil(order.session, "got hello\r\n")
      })
    )
  )

  it.live("types nothing into a process that is stopped, and does so once it is continued", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("echo on; read -r l; echo got $l")
        yield* outputUntil(order.session, "on\r\n")
        const { pid } = link.process ?? { pid: 0 }
        process.kill(pid, "SIGSTOP")
        yield* eventually("it is stopped", () => readProcess(pid)?.state === "T")
        assert.strictEqual(yield* link.write("w1", bytes("x\r")), "suspended")
        assert.strictEqual((yield* link.submit("p1", bytes("x"), 0, Effect.succeed(true))).outcome, "suspended")
        process.kill(pid, "SIGCONT")
        yield* eventually("it goes on", () => readProcess(pid)?.state !== "T")
        assert.strictEqual((yield* link.submit("p1", bytes("hello"), 0, Effect.succeed(true))).outcome, "written")
        yield* outputUntil(order.session, "got hello\r\n")
      })
    )
  )

  it.live("presses no Enter where a password is asked for between a text and its Enter", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched(
          "stty -icanon -echo; printf on; head -c 5 >/dev/null; stty icanon -echo; printf 'Password:'; read -r p; echo got $p."
        )
        yield* outputUntil(order.session, "on")
        assert.deepStrictEqual(yield* link.submit("p1", bytes("hello"), 1_000, Effect.succeed(true)), {
          outcome: "withheld",
          why: "echo_off"
        })
        assert.strictEqual(yield* link.write("w1", bytes("secret\r")), "written")
        yield* outputUntil(order.session, "got secret.")
      })
    )
  )

  it.live("waits with Enter for a daemon, and for the next one where the first is gone", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty -icanon; printf on; read -r l; echo got $l.")
        yield* outputUntil(order.session, "on")
        const submitted = yield* Effect.forkChild(link.submit("p1", bytes("hello"), 0, Effect.never))
        yield* outputUntil(order.session, "hello")
        yield* Effect.sleep(200)
        assert.notInclude(yield* outputUntil(order.session, "hello"), "got")
        assert.strictEqual((yield* link.decide("p1", Effect.succeed(true))).outcome, "written")
        assert.strictEqual((yield* Fiber.join(submitted)).outcome, "written")
        yield* outputUntil(order.session, "got hello.")
      })
    )
  )

  it.live("asks again where a daemon answers late, and presses no Enter by what was so before", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty -icanon; printf on; read -r l; echo got $l.")
        yield* outputUntil(order.session, "on")
        let asked = 0
        const late = Effect.suspend(() => {
          asked += 1
          return asked === 1 ? Effect.delay(Effect.succeed(true), 3 * limits.enterFreshMs) : Effect.succeed(false)
        })
        assert.deepStrictEqual(yield* link.submit("p1", bytes("hello"), 0, late), { outcome: "withheld" })
        assert.strictEqual(asked, 2)
        const always = Effect.delay(Effect.succeed(true), 2 * limits.enterFreshMs)
        assert.strictEqual((yield* link.submit("p2", bytes(" you"), 0, always)).outcome, "written")
        yield* outputUntil(order.session, "got hello you.")
      })
    )
  )
})
