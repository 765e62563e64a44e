/** Reads the small languages of flags: `key=value`, durations, sizes. */
import { Result } from "effect"
import { labelKeyPattern } from "../domain/spec.ts"

/** `k=v` words as a record, each key once. `flag` is what the complaint names. */
export const parsePairs = (flag: string, words: ReadonlyArray<string>): Result.Result<Readonly<Record<string, string>>, string> => {
  const pairs: Record<string, string> = {}
  for (const word of words) {
    const equals = word.indexOf("=")
    if (equals < 1) return Result.fail(`${flag} ${word}: expected key=value`)
    if (!labelKeyPattern.test(word.slice(0, equals)))
      return Result.fail(`${flag} ${word}: a key has letters, digits and . _ / -, and begins with a letter or a digit`)
    if (Object.hasOwn(pairs, word.slice(0, equals))) return Result.fail(`${flag} ${word.slice(0, equals)}: given twice`)
    pairs[word.slice(0, equals)] = word.slice(equals + 1)
  }
  return Result.succeed(pairs)
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** `500ms`, `30s`, `5m`, `1h`, or a bare number of seconds; in milliseconds. */
export const parseDuration = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  return found === null ? undefined : Math.round(Number(found[1]) * unitMs[found[2] ?? "s"]!)
}

const unitBytes: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_048_576 }

/** `4096`, `64k`, `1M`; in bytes. */
export const parseBytes = (text: string): number | undefined => {
  const found = /^(\d+)([km]?)$/i.exec(text)
  return found === null ? undefined : Number(found[1]) * unitBytes[found[2]!.toLowerCase()]!
}
