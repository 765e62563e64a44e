/** Finds the detach keys in what is typed, in every encoding a terminal may use for them; everything else passes unchanged. */
import { Result } from "effect"
import { isCutAt, type Unit, unitAt } from "./units.ts"

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

export interface DetachScanner {
  readonly typed: (chunk: Uint8Array) => Scanned
  /** What looked like the first half of a report, and was not gone on with: the second key. */
  readonly flush: () => Scanned
}

/**
 * Remembers a prefix that is waiting for its second key; a lone prefix is therefore sent with the key after it. A terminal reports by
 * itself too (mouse, focus, size, colours): reports pass meanwhile, and none is the second key.
 */
export const detachScanner = ([prefix, then]: DetachKeys): DetachScanner => {
  /** The prefix, with its release. */
  let held: Uint8Array | undefined
  let cut: Uint8Array = nothing
  return {
    typed: (chunk) => {
      const bytes = joined([cut, chunk])
      const pass: Array<Uint8Array> = []
      cut = nothing
      for (let at = 0; at < bytes.length; ) {
        if (held !== undefined && isCutAt(bytes, at)) {
          cut = bytes.subarray(at)
          break
        }
        const unit = unitAt(bytes, at)
        at += unit.bytes.length
        if (held === undefined) {
          if (matches(unit, prefix)) held = unit.bytes
          else pass.push(unit.bytes)
        } else if (unit.kind === "released" && isKey(unit, prefix)) held = joined([held, unit.bytes])
        else if (unit.kind !== "pressed") pass.push(unit.bytes)
        else if (matches(unit, then)) {
          held = undefined
          return { pass: joined(pass), detach: true }
        } else {
          pass.push(held)
          if (!matches(unit, prefix)) pass.push(unit.bytes)
          held = undefined
        }
      }
      return { pass: joined(pass), detach: false }
    },
    flush: () => {
      const pass = held === undefined || cut.length === 0 ? nothing : joined([held, cut])
      if (cut.length > 0) held = undefined
      cut = nothing
      return { pass, detach: false }
    }
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
    else if (unit.kind === "pressed") isThere = true
  }
  return { rest: isThere || rest.length === 0 ? joined(rest) : chunk, isThere }
}

const stopKey: Key = { byte: 0x1a, codePoint: 0x7a, ctrl: true }
const isStop = (unit: Unit) => unit.kind !== "report" && isKey(unit, stopKey)

const matches = (unit: Unit, key: Key): boolean => unit.kind === "pressed" && isKey(unit, key)

const isKey = ({ basePoint, bytes, codePoint, ctrl }: Unit, key: Key): boolean => {
  if (codePoint === undefined) return bytes.length === 1 && bytes[0] === key.byte
  return ctrl === key.ctrl && (codePoint === key.codePoint || (basePoint === key.codePoint && !isTypable(codePoint, key)))
}

/**
 * The place on the keyboard counts where the layout has the key nowhere: else Ctrl-Y of a German layout would be Ctrl-Z. A layout
 * with Latin letters has all of them; of the other keys no layout has every one.
 */
const isTypable = (codePoint: number, key: Key): boolean =>
  isLetter(key.codePoint) ? codePoint < 0x80 : isLetter(codePoint) || (codePoint >= 0x30 && codePoint <= 0x39)
const isLetter = (codePoint: number) => codePoint >= 0x61 && codePoint <= 0x7a

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

const nothing = new Uint8Array(0)
const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [first = nothing, ...more] = parts.filter(({ length }) => length > 0)
  return more.length === 0 ? first : Buffer.concat([first, ...more])
}
