/**
 * What a fuzz target is, and how to add one:
 *
 * 1. Write `test/fuzz/NAME.ts`. It exports a `Target`: a name, a promise, and one `run(seed, budget)`.
 * 2. Add it to `allTargets` in `test/fuzz/index.ts`. The suite, `.ci/run` and `npm run fuzz` then include it.
 * 3. Draw every choice from `new Chance(seed)`, so that the same seed makes the same inputs.
 * 4. Begin with the files of `corpusOf(NAME)`, and pass an input that shows new behaviour to `budget.keep`.
 * 5. Loop while `hasMore(budget, inputs)`. Report what breaks the promise as findings; never throw for one.
 *
 * A target that needs a daemon runs inside `withWatchedDaemon` (`test/fuzz/watched-daemon.ts`).
 */
export interface Budget {
  /** On the clock of `performance.now()`. */
  readonly endsAt: number
  /** Most inputs, however much time is left. */
  readonly inputs: number
  /** Most processor time of one turn of the event loop; a suite on a busy machine allows more than `npm run fuzz`. */
  readonly turnMs: number
  /** Adds an input to the corpus under `--grow`; does nothing otherwise. */
  readonly keep: (input: Buffer) => void
}

export interface Finding {
  readonly what: string
  /** The input, or a part of it that a reader can use, escaped. */
  readonly input: string
}

export interface Outcome {
  readonly inputs: number
  readonly findings: ReadonlyArray<Finding>
  /** What was measured, by name: "longest turn ms", "memory MB". */
  readonly figures: Readonly<Record<string, number>>
}

export interface Target {
  readonly name: string
  /** What holds for every input. */
  readonly promise: string
  readonly run: (seed: number, budget: Budget) => Promise<Outcome>
}

export const hasMore = ({ endsAt, inputs }: Budget, done: number): boolean => done < inputs && performance.now() < endsAt

/** An input as a finding shows it. */
export const shown = (input: Uint8Array | string): string => {
  const text = typeof input === "string" ? input : Buffer.from(input).toString("latin1")
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}… (${text.length} bytes)` : text)
}
