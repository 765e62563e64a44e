/**
 * What waits for a session's actor, in the order in which it came. What an agent says of itself is bounded: where it floods, the newest
 * words of each kind are kept, and few facts a second come of them, so that commands and the holder's reports are never behind a flood.
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

interface Waiting {
  readonly letter: Letter
  /** Empty for what is never joined. */
  readonly kind: string
}

const joined = Metric.counter("reprise_words_joined_total", {
  description: "Words of agents that a newer word of the same kind replaced before they were taken",
  incremental: true
})

/** `answer`: what a word that is replaced is answered with. */
export const makeMailbox = Effect.fnUntraced(function* (answer: () => Answer) {
  const waiting: Array<Waiting> = []
  /** How many joinable words of each kind wait. */
  const alike = new Map<string, number>()
  const changed = yield* Queue.sliding<true>(1)
  let words = 0
  const budget = makeBudget(limits.wordFactsBurst, limits.wordFactsPerSecond)
  let held = false
  let behind = false
  let newest: Letter | null = null

  const add = (letter: Letter) => {
    const kind = keyOf(letter.input)
    waiting.push({ letter, kind })
    if (kind !== "") alike.set(kind, (alike.get(kind) ?? 0) + 1)
    if (isWord(letter.input)) words += 1
  }
  const remove = (at: number): Letter | undefined => {
    const [removed] = at === -1 ? [] : waiting.splice(at, 1)
    if (removed === undefined) return undefined
    const left = (alike.get(removed.kind) ?? 0) - 1
    if (left > 0) alike.set(removed.kind, left)
    else alike.delete(removed.kind)
    if (isWord(removed.letter.input)) words -= 1
    return removed.letter
  }
  /** Removes the oldest words that a newer one of their kind follows, until `most` words or one of each kind are left: there are few kinds. */
  const joinWords = (most: number) => {
    for (let at = 0; words > most && at < waiting.length; ) {
      const replaced = (alike.get(waiting[at]!.kind) ?? 0) > 1 ? remove(at) : undefined
      if (replaced === undefined) {
        at += 1
        continue
      }
      // It is answered as if it had changed nothing.
      Deferred.doneUnsafe(replaced.reply, Exit.succeed(answer()))
      Effect.runSync(Metric.update(joined, 1))
    }
  }
  const poll: Mailbox["poll"] = (nowMs) => {
    const wordsMayPass = !held && budget.hasRoom(nowMs)
    if (!wordsMayPass && words > 0) {
      behind = true
      joinWords(limits.waitingWordsBehind)
    }
    const letter = remove(wordsMayPass ? 0 : waiting.findIndex(({ letter: { input } }) => !isWord(input)))
    if (letter === undefined || !isWord(letter.input)) return letter
    newest = behind ? withBehind(letter, waiting) : letter
    // Others come while the log takes this one: the session knows all only where none is left.
    behind &&= words > 0
    return newest
  }

  return {
    post: (letter) => {
      add(letter)
      if (isJoinable(letter.input)) joinWords(behind ? limits.waitingWordsBehind : limits.waitingWords)
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
      const open = waiting.flatMap(({ letter }) => (isWord(letter.input) ? [letter] : []))
      if (newest !== null) open.push(newest)
      return Effect.forEach(open, ({ reply }) => Effect.exit(Deferred.await(reply)), { discard: true })
    }),
    size: () => waiting.length,
    clear: () => {
      words = 0
      behind = false
      alike.clear()
      return waiting.splice(0).map(({ letter }) => letter)
    }
  } satisfies Mailbox
})

/** Says how far the agent has printed beyond a word, where a newer one of its kind waits. */
const withBehind = (letter: Letter, waiting: ReadonlyArray<Waiting>): Letter => {
  const { input } = letter
  if (input.type !== "ActivityObserved" || input.evidenceOffset === undefined) return letter
  const newer = waiting.findLast(({ kind }) => kind === keyOf(input))?.letter.input
  const to = newer?.type === "ActivityObserved" ? (newer.evidenceOffset ?? 0) : 0
  return to <= input.evidenceOffset ? letter : { ...letter, input: { ...input, behindBytes: to - input.evidenceOffset } }
}

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
