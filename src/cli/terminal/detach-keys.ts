/** Finds the detach keys in what is typed, in every encoding a terminal may use for them; everything else passes unchanged. */
import { Result } from "effect"

/** One key: the byte it is, and its code point with or without Ctrl for the protocols that say it in words. */
export interface Key {
  readonly byte: number
  readonly codePoint: number
  readonly ctrl: boolean
}
export type DetachKeys = readonly [prefix: Key, then: Key]

export const defaultDetachKeys = "ctrl-\\ d"

/** `ctrl-\ d`, `ctrl-a ctrl-d`, `ctrl-] q`: a control key, then any key. The first typed twice types it once. */
export const parseDetachKeys = (text: string): Result.Result<DetachKeys, string> => {
  const words = text.trim().split(/[\s,]+/)
  const keys = words.map(parseKey)
  const [prefix, then] = keys
  if (keys.length !== 2 || prefix === undefined || then === undefined || !prefix.ctrl) {
    return Result.fail(`detach keys ${JSON.stringify(text)}: expected a control key and another key, such as "ctrl-\\ d"`)
  }
  if (prefix.byte === then.byte) return Result.fail(`detach keys ${JSON.stringify(text)}: the second key must differ from the first`)
  return Result.succeed([prefix, then])
}

export interface Scanned {
  /** What goes to the agent. */
  readonly pass: Uint8Array
  readonly detach: boolean
}

/** Remembers a prefix that is waiting for its second key; a lone prefix is therefore sent with the key after it. */
export const detachScanner = ([prefix, then]: DetachKeys): ((chunk: Uint8Array) => Scanned) => {
  let held: Uint8Array | undefined
  return (chunk) => {
    const pass: Array<Uint8Array> = []
    let at = 0
    while (at < chunk.length) {
      const unit = unitAt(chunk, at)
      at += unit.bytes.length
      if (held === undefined) {
        if (matches(unit, prefix)) held = unit.bytes
        else pass.push(unit.bytes)
      } else if (unit.released) {
      } else if (matches(unit, then)) {
        held = undefined
        return { pass: joined(pass), detach: true }
      } else {
        pass.push(held)
        if (!matches(unit, prefix)) pass.push(unit.bytes)
        held = undefined
      }
    }
    return { pass: joined(pass), detach: false }
  }
}

/** Takes ctrl-z out of what is typed, in every encoding: `isThere` says that it was pressed. */
export const withoutStop = (chunk: Uint8Array): { readonly rest: Uint8Array; readonly isThere: boolean } => {
  const rest: Array<Uint8Array> = []
  let isThere = false
  for (let at = 0; at < chunk.length; ) {
    const unit = unitAt(chunk, at)
    at += unit.bytes.length
    if (!isStop(unit)) rest.push(unit.bytes)
    else if (!unit.released) isThere = true
  }
  return { rest: isThere || rest.length === 0 ? joined(rest) : chunk, isThere }
}

const stopKey: Key = { byte: 0x1a, codePoint: 0x7a, ctrl: true }
const isStop = (unit: Unit) => matches({ ...unit, released: false }, stopKey)

interface Unit {
  readonly bytes: Uint8Array
  readonly codePoint: number | undefined
  readonly ctrl: boolean
  readonly released: boolean
}

/**
 * One key press: a byte, or one whole escape sequence of the two protocols that agents switch on. kitty: `CSI code ; modifiers :
 * event u`; xterm's modifyOtherKeys: `CSI 27 ; modifiers ; code ~`. In both, modifiers are 1 plus bits, Ctrl being 4.
 */
const unitAt = (chunk: Uint8Array, at: number): Unit => {
  const byte = chunk[at]!
  if (byte === 0x1b && chunk[at + 1] === 0x5b) {
    const head = String.fromCharCode(...chunk.subarray(at, at + longestKey))
    const kitty = /^\x1b\[(\d+)(?::\d*)*(?:;(\d+)?(?::(\d+))?)?(?:;[\d:]*)?u/.exec(head)
    if (kitty !== null) return unit(chunk, at, kitty[0].length, Number(kitty[1]), Number(kitty[2] ?? 1), kitty[3] === "3")
    const other = /^\x1b\[27;(\d+);(\d+)~/.exec(head)
    if (other !== null) return unit(chunk, at, other[0].length, Number(other[2]), Number(other[1]), false)
  }
  return { bytes: chunk.subarray(at, at + 1), codePoint: undefined, ctrl: false, released: false }
}

const longestKey = 48

const unit = (chunk: Uint8Array, at: number, length: number, codePoint: number, modifiers: number, released: boolean): Unit => ({
  bytes: chunk.subarray(at, at + length),
  codePoint,
  ctrl: ((modifiers - 1) & 4) !== 0,
  released
})

const matches = (unit: Unit, key: Key): boolean =>
  !unit.released && (unit.codePoint === undefined ? unit.bytes[0] === key.byte : unit.codePoint === key.codePoint && unit.ctrl === key.ctrl)

const parseKey = (word: string): Key | undefined => {
  const control = /^(?:ctrl-|c-|\^)(.)$/i.exec(word)
  if (control !== null) {
    const character = control[1]!.toLowerCase()
    const codePoint = character.charCodeAt(0)
    const byte = character.toUpperCase().charCodeAt(0) & 0x1f
    return /^[a-z@[\\\]^_]$/.test(character) ? { byte, codePoint, ctrl: true } : undefined
  }
  if (!/^[\x21-\x7e]$/.test(word)) return undefined
  return { byte: word.charCodeAt(0), codePoint: word.charCodeAt(0), ctrl: false }
}

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => (parts.length === 1 ? parts[0]! : Buffer.concat(parts))
