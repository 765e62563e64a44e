/** More streams than `npm test` draws, each cut behind every piece. */
import { chance } from "../support/terminal-bytes.ts"
import { differenceAt } from "./borders.ts"
import { shortened, stream } from "./grammar.ts"
import type { Result } from "./table.ts"

export const failsAnywhere = (pieces: ReadonlyArray<string>): boolean => {
  const bytes = Buffer.from(pieces.join(""))
  return pieces.some((_, count) => differenceAt(bytes, Buffer.byteLength(pieces.slice(0, count + 1).join(""))) !== null)
}

export const borders = (count: number, first: number): ReadonlyArray<Result> =>
  Array.from({ length: count }, (_, place): Result => {
    const pieces = stream(chance(first + place), 30, true)
    const name = `seed ${first + place}`
    return failsAnywhere(pieces)
      ? { name, outcome: "failed", why: JSON.stringify(shortened(pieces, failsAnywhere)) }
      : { name, outcome: "passed" }
  })
