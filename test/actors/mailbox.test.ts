import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { report, request } from "../../src/actors/letter.ts"
import { type Mailbox, makeMailbox } from "../../src/actors/mailbox.ts"
import type { Answer } from "../../src/actors/sessions.ts"
import type { Report } from "../../src/domain/inputs.ts"
import { limits } from "../../src/domain/limits.ts"
import { cleared, observed, resume, transcribed } from "../support/domain.ts"

const answer = { view: null, repeated: false } as unknown as Answer
const word = (activity: "idle" | "working", source: "hook" | "osc" = "hook") => report(observed(activity, source) as Report)
const asking = { by: "ada" }
const taken = (mailbox: Mailbox, nowMs: number) => {
  const letters = []
  for (let letter = mailbox.poll(nowMs); letter !== undefined; letter = mailbox.poll(nowMs)) letters.push(letter)
  return letters
}

describe("a mailbox", () => {
  it("keeps the order in which letters came", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const letters = [word("working"), request(resume as never, asking), report(cleared() as Report), word("idle")]
    for (const letter of letters) mailbox.post(letter)
    assert.deepStrictEqual(taken(mailbox, 0), letters)
  })

  it("keeps the newest word of each kind in a flood, and answers those that it replaces", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const flood = Array.from({ length: 100_000 }, (_, n) => word(n % 2 === 0 ? "working" : "idle", n % 3 === 0 ? "osc" : "hook"))
    for (const letter of flood) mailbox.post(letter)
    assert.isAtMost(mailbox.size(), limits.waitingWords)
    const left = taken(mailbox, 0)
    assert.include(left, flood.at(-1))
    assert.include(
      left,
      flood.findLast(({ input }) => "source" in input && input.source === "osc")
    )
    for (const letter of flood) assert.strictEqual(Deferred.isDoneUnsafe(letter.reply), !left.includes(letter))
  })

  it("joins no piece of a transcript, and nothing that holders and people do", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const pieces = Array.from({ length: 200 }, (_, n) => report(transcribed(n, n + 1)))
    for (const letter of pieces) mailbox.post(letter)
    const others = Array.from({ length: 200 }, () => request(resume as never, asking))
    for (const letter of others) mailbox.post(letter)
    assert.deepStrictEqual(taken(mailbox, 0), [...pieces, ...others])
  })

  it("lets commands and the holder's reports pass words whose budget is spent, and words again with time", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    assert.isUndefined(mailbox.poll(0))
    mailbox.spend(limits.wordFactsBurst, 0)
    const [first, stop, end] = [word("working"), request(resume as never, asking), report(cleared() as Report)]
    for (const letter of [first, stop, end]) mailbox.post(letter)
    assert.deepStrictEqual(taken(mailbox, 0), [stop, end])
    const dueMs = mailbox.wordDueInMs(0) ?? assert.fail("a word waits")
    assert.strictEqual(dueMs, 1_000 / limits.wordFactsPerSecond)
    assert.isUndefined(mailbox.poll(dueMs - 1))
    assert.strictEqual(mailbox.poll(dueMs), first)
    assert.isNull(mailbox.wordDueInMs(dueMs))
  })

  it("keeps the newest of a kind alone while their budget is spent, behind what came before it, and says that it is behind", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    mailbox.spend(limits.wordFactsBurst, 0)
    mailbox.post(word("working"))
    assert.isFalse(mailbox.isBehind())
    assert.isUndefined(mailbox.poll(0))
    assert.isTrue(mailbox.isBehind())
    const flood = Array.from({ length: 100 }, (_, n) => word(n % 2 === 0 ? "working" : "idle"))
    for (const letter of flood) mailbox.post(letter)
    const osc = word("working", "osc")
    mailbox.post(osc)
    mailbox.post(flood[0]!)
    assert.isAtMost(mailbox.size(), limits.waitingWordsBehind + 1)
    const left = []
    for (let nowMs = 0; mailbox.size() > 0; nowMs += 1_000) left.push(...taken(mailbox, nowMs))
    assert.deepStrictEqual(left.slice(-2), [osc, flood[0]])
    assert.isFalse(mailbox.isBehind())
  })

  it("keeps few of the words that waited already when their budget is spent, and of those that come while the log takes one", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const flood = Array.from({ length: limits.waitingWords }, (_, n) => word(n % 2 === 0 ? "working" : "idle"))
    const osc = word("working", "osc")
    for (const letter of [osc, ...flood]) mailbox.post(letter)
    mailbox.spend(limits.wordFactsBurst, 0)
    assert.isUndefined(mailbox.poll(0))
    assert.strictEqual(mailbox.size(), limits.waitingWordsBehind)
    assert.strictEqual(mailbox.poll(1_000), osc)
    mailbox.spend(limits.wordFactsBurst, 1_000)
    assert.isTrue(mailbox.isBehind())
    for (const letter of flood) mailbox.post(letter)
    assert.strictEqual(mailbox.size(), limits.waitingWordsBehind)
    assert.deepStrictEqual(taken(mailbox, 10_000), flood.slice(-limits.waitingWordsBehind))
    assert.isFalse(mailbox.isBehind())
  })

  it("says of a word that a newer one waits, and how many bytes further the agent is, while the budget is spent", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const at = (evidenceOffset: number) => report({ ...observed("working", "osc"), evidenceOffset } as Report)
    const behind = () => {
      const input = mailbox.poll(100_000)?.input
      return input?.type === "ActivityObserved" ? input.behindBytes : assert.fail("no word")
    }
    for (const offset of [100, 130]) mailbox.post(at(offset))
    assert.isUndefined(behind())
    assert.isUndefined(behind())
    mailbox.spend(limits.wordFactsBurst, 100_000)
    for (const offset of [200, 230, 290]) mailbox.post(at(offset))
    assert.isUndefined(mailbox.poll(100_000))
    mailbox.spend(0, 200_000)
    assert.deepStrictEqual([behind(), behind(), behind()], [90, 60, undefined])
  })

  it("keeps a word that is alone of its kind, however many pieces of a transcript wait", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const pieces = Array.from({ length: 200 }, (_, n) => report(transcribed(n, n + 1)))
    const alone = [word("idle"), word("idle", "osc")]
    for (const letter of [...pieces, ...alone]) mailbox.post(letter)
    assert.deepStrictEqual(taken(mailbox, 0), [...pieces, ...alone])
  })

  it("holds words, and nothing else, while the log takes nothing", () => {
    const mailbox = Effect.runSync(makeMailbox(() => answer))
    const [first, stop] = [word("working"), request(resume as never, asking)]
    mailbox.holdWords(true)
    for (const letter of [first, stop]) mailbox.post(letter)
    assert.deepStrictEqual(taken(mailbox, 0), [stop])
    assert.isNull(mailbox.wordDueInMs(0))
    mailbox.holdWords(false)
    assert.deepStrictEqual(taken(mailbox, 0), [first])
  })
})
