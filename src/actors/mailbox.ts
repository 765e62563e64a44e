/**
 * What waits for a session's actor, in the order in which it came. What an agent says of itself is bounded: where it floods, the newest
 * word of each kind is kept, and few facts a second come of them, so that commands and the holder's reports are never behind a flood.
 */
import { Deferred, Effect, Exit, Metric, Queue } from "effect"
import type { Input } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import { makeBudget } from "./budget.ts"
import type { Letter } from "./letter.ts"
import type { Answer } from "./sessions.ts"

export interface Mailbox {
  readonly post: (letter: Letter) => void
  /** The next letter that may be taken now; undefined where there is none. */
  readonly poll: (nowMs: number) => Letter | undefined
  /** Waits for a post. Apart from `poll`, so that a wait that is interrupted loses no letter; it may end early. */
  readonly arrival: Effect.Effect<void>
  /** Facts came of a word: they count against the budget. */
  readonly spend: (facts: number, nowMs: number) => void
  /** Words stay while it is true: the log takes nothing, and they are joined meanwhile. */
  readonly holdWords: (held: boolean) => void
  /** Milliseconds until a word that waits may be taken; null where none waits, or where time alone does not release it. */
  readonly wordDueInMs: (nowMs: number) => number | null
  /** Words wait that may not be taken yet: what the session knows of its agent is old. */
  readonly isBehind: () => boolean
  /** Returns when the words that wait now were taken, or a newer one of their kind came, and the log has what follows from them. */
  readonly wordsTaken: Effect.Effect<void>
  readonly size: () => number
  readonly clear: () => ReadonlyArray<Letter>
}

const joined = Metric.counter("reprise_words_joined_total", {
  description: "Words of agents that a newer word of the same kind replaced before they were taken",
  incremental: true
})

/** `answer`: what a word that is replaced is answered with. */
export const makeMailbox = Effect.fnUntraced(function* (answer: () => Answer) {
  const letters: Array<Letter> = []
  const changed = yield* Queue.sliding<true>(1)
  let words = 0
  const budget = makeBudget(limits.wordFactsBurst, limits.wordFactsPerSecond)
  let held = false
  let behind = false
  let newest: Letter | null = null

  const poll: Mailbox["poll"] = (nowMs) => {
    const wordsMayPass = !held && budget.hasRoom(nowMs)
    const at = wordsMayPass ? 0 : letters.findIndex(({ input }) => !isWord(input))
    const [letter] = at === -1 ? [] : letters.splice(at, 1)
    if (letter !== undefined && isWord(letter.input)) {
      words -= 1
      newest = letter
    }
    behind = words > 0 && !wordsMayPass
    return letter
  }
  /** Takes away the word that `letter` replaces, and answers it as if it had changed nothing. */
  const makePlaceFor = (letter: Letter) => {
    if (words < (behind ? limits.waitingWordsBehind : limits.waitingWords)) return
    const key = keyOf(letter.input)
    const newest = letters.findLastIndex(({ input }) => keyOf(input) === key)
    // Few kinds wait at once: one that is alone of its kind goes only where there are too many of all.
    if (newest === -1 && words < limits.waitingWords) return
    const [replaced] = letters.splice(newest === -1 ? letters.findIndex(({ input }) => isJoinable(input)) : newest, 1)
    if (replaced === undefined) return
    words -= 1
    Deferred.doneUnsafe(replaced.reply, Exit.succeed(answer()))
    Effect.runSync(Metric.update(joined, 1))
  }

  return {
    post: (letter) => {
      if (isJoinable(letter.input)) makePlaceFor(letter)
      letters.push(letter)
      if (isWord(letter.input)) words += 1
      Queue.offerUnsafe(changed, true)
    },
    poll,
    arrival: Effect.asVoid(Queue.take(changed)),
    spend: budget.spend,
    holdWords: (hold) => {
      held = hold
      Queue.offerUnsafe(changed, true)
    },
    wordDueInMs: (nowMs) => (words === 0 || held ? null : budget.roomInMs(nowMs)),
    isBehind: () => behind,
    wordsTaken: Effect.suspend(() => {
      const open = letters.filter(({ input }) => isWord(input))
      if (newest !== null) open.push(newest)
      return Effect.forEach(open, ({ reply }) => Effect.exit(Deferred.await(reply)), { discard: true })
    }),
    size: () => letters.length,
    clear: () => {
      words = 0
      behind = false
      return letters.splice(0)
    }
  } satisfies Mailbox
})

/** What agents say, by whichever source; not what holders, clocks and people do. */
const wordTypes: ReadonlySet<Input["type"]> = new Set([
  "ActivityObserved",
  "TurnObserved",
  "ConversationObserved",
  "TranscriptAdvanced",
  "TranscriptRefused",
  "BlockObserved",
  "MessageNotKnown",
  "PromptObserved"
])
export const isWord = ({ type }: Input): boolean => wordTypes.has(type)

/** Pieces of a transcript follow one another: one that is left out would be missing for good. Their reader sends few of them. */
const isJoinable = (input: Input): boolean => isWord(input) && input.type !== "TranscriptAdvanced"

const keyOf = (input: Input): string =>
  isJoinable(input) ? `${input.type} ${"source" in input ? input.source : ""} ${"generation" in input ? input.generation : ""}` : ""
