/** An agent's output as a person's terminal may have it, as it comes: what is allowed passes, all else is gone. */

import { limits } from "../limits.ts"
import { type Allowance, allowed, allowedControls } from "./allowed.ts"
import { Scanner, type ScannerOptions } from "./scanner.ts"
import { numbersOf, type Sequence } from "./sequences.ts"

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
  const scanner = new Scanner(
    {
      text: (bytes) => parts.push(bytes),
      control: (code) => {
        if (!allowedControls.has(code)) return
        options.passed?.control(code)
        parts.push(Uint8Array.of(code))
      },
      sequence: (sequence) => {
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
