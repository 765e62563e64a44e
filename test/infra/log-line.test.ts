import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { limits } from "../../src/domain/limits.ts"
import { logLine } from "../../src/infra/log-line.ts"

const lineOf = (entry: Effect.Effect<void>): string => {
  const lines: Array<string> = []
  const kept = Logger.map(logLine, (line) => {
    lines.push(line)
  })
  Effect.runSync(entry.pipe(Effect.provide(Logger.layer([kept]))))
  assert.strictEqual(lines.length, 1)
  return lines[0]!
}

/** What a terminal acts on, or a person does not see. */
const harmful = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Cs}/u

describe("a line of the log", () => {
  const hostile = [
    "\x1b]52;c;QUJD\x07",
    "\x9d0;title\x9c",
    "a\u202eb",
    "a\u2028b\u2029c",
    "a\r\nlevel=ERROR",
    "\u{e0041}",
    "\ud800",
    "\x7f\b"
  ]

  it("holds hostile words as escapes, wherever they stand", () => {
    for (const words of hostile) {
      const entries = [
        Effect.logWarning(words),
        Effect.logWarning("it", { words, list: [words] }),
        Effect.logWarning("it").pipe(Effect.annotateLogs({ words, [words]: 1 })),
        Effect.logWarning("it", new Error(words)),
        Effect.logWarning("it").pipe(Effect.withLogSpan(words))
      ]
      for (const entry of entries) assert.notMatch(lineOf(entry), harmful)
    }
  })

  it("says what the characters were", () => {
    assert.match(lineOf(Effect.logInfo("\x1b]0;x\x9c\u202e")), / message="\\u001b\]0;x\\u009c\\u202e"$/)
  })

  it("quotes values with blanks, quotes, equals signs and backslashes, and empty ones, and no others", () => {
    const line = lineOf(
      Effect.logInfo("listening").pipe(Effect.annotateLogs({ a: "b c", d: 'e"f', g: "h=i", j: "\\u001b", k: "", l: "ö", m: 7 }))
    )
    assert.match(line, / message=listening a="b c" d="e\\"f" g="h=i" j="\\\\u001b" k="" l=ö m=7$/)
  })

  it("has a limited length, and counts what it leaves out", () => {
    const long = lineOf(Effect.logInfo("x".repeat(1_000_000)))
    assert.match(long, /x… \(995904 more\)"$/)
    const many = lineOf(Effect.logInfo("it").pipe(Effect.annotateLogs({ a: "\x1b".repeat(5_000), b: "\x1b".repeat(5_000) })))
    assert.isAtMost(many.length, limits.logLineChars + 30)
    assert.match(many, / fields_left_out=1$/)
  })
})
