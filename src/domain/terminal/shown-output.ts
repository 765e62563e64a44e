/** An agent's output as a person's terminal may have it, as it comes: what is allowed passes, all else is gone. */

import { limits } from "../limits.ts"
import { type Allowance, allowed, allowedControls } from "./allowed.ts"
import { Scanner, type ScannerOptions } from "./scanner.ts"
import { nameOf, numbersOf, type Sequence } from "./sequences.ts"

export interface ShownOutput {
  /** A sequence or character that the chunk cuts waits for its rest. */
  readonly push: (chunk: Uint8Array) => Uint8Array
}

/** `passed`: is called with each sequence and control that passes, in order. */
export const makeShownOutput = (
  allowance: Allowance,
  options: Pick<ScannerOptions, "dropping"> & {
    readonly passed?: { readonly sequence: (sequence: Sequence) => void; readonly control: (code: number) => void }
  } = {}
): ShownOutput => {
  let parts: Array<Uint8Array> = []
  /** An agent takes from the stack of titles what it has put there: below lies what others keep. */
  let titles = 0
  const isBalanced = (sequence: Sequence): boolean => {
    if (sequence.kind !== "csi" || sequence.final !== "t" || sequence.intermediates !== "") return true
    const before = titles
    titles = Math.max(0, titles + (numbersOf(sequence)[0] === 22 ? 1 : -1))
    return before !== titles && Math.max(before, titles) <= limits.terminalTitles
  }
  const changing = makeChanging()
  const scanner = new Scanner(
    {
      text: (bytes) => parts.push(bytes),
      control: (code) => {
        if (!allowedControls.has(code)) return
        options.passed?.control(code)
        parts.push(Uint8Array.of(code))
      },
      sequence: (asked) => {
        const sequence = changing(asked)
        if (sequence === null) return
        const text = allowed(sequence, allowance)
        if (text === null || !isBalanced(sequence)) return
        options.passed?.sequence(sequence)
        parts.push(utf8.encode(text))
      }
    },
    { ...options, stringBytes: limits.terminalPictureBytes }
  )
  return {
    push: (chunk) => {
      scanner.push(chunk)
      const shown = joined(parts)
      parts = []
      return shown
    }
  }
}

/** Focus, and sizes in band: a terminal reports each time that they are set, also where they are set already. */
const reportingModes: ReadonlySet<number> = new Set([1004, 2048])

/** Takes from what comes each setting of these modes that changes nothing. Null: nothing is left of the sequence. */
const makeChanging = () => {
  const on = new Set<number>()
  return (sequence: Sequence): Sequence | null => {
    if (sequence.kind === "escape" && sequence.intermediates === "" && sequence.final === "c") on.clear()
    if (sequence.kind !== "csi" || !/^\?[hl]$/.test(nameOf(sequence)) || sequence.parameters.includes(":")) return sequence
    const numbers = numbersOf(sequence)
    const kept = numbers.filter((number) => number === null || sequence.final === "l" || !on.has(number))
    for (const number of kept) {
      if (number === null || !reportingModes.has(number)) continue
      if (sequence.final === "h") on.add(number)
      else on.delete(number)
    }
    if (kept.length === numbers.length) return sequence
    return kept.length === 0 ? null : { ...sequence, parameters: kept.map((number) => number ?? "").join(";") }
  }
}

const utf8 = new TextEncoder()

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
