/** Named keys become the bytes that an xterm or a Kitty sends for them, as the program has asked; an unknown name is refused, never guessed. */
import { Result } from "effect"
import type { TerminalModes } from "../domain/terminal-modes.ts"
import { alt, ctrl, type Key, parseKey, shift, superKey } from "./key-names.ts"

export type KeyModes = Pick<TerminalModes, "applicationCursor" | "applicationKeypad" | "kittyKeyboard">

/** Of a program that has asked for nothing. */
export const plainKeys: KeyModes = { applicationCursor: false, applicationKeypad: false, kittyKeyboard: 0 }

/** One key, by its name: `enter`, `ctrl-c`, `C-c`, `M-x`, `shift+up`, `f5`. Undefined where there is none, or no bytes for it. */
export const keyBytes = (name: string, modes: KeyModes = plainKeys): string | undefined => {
  const key = parseKey(name)
  return key === undefined ? undefined : (kittyBytes(key, modes) ?? xtermBytes(key, modes))
}

/** The index of the first unknown name, or every key's bytes, in order. */
export const keysBytes = (
  names: ReadonlyArray<string>,
  modes: KeyModes = plainKeys
): Result.Result<string, { readonly index: number; readonly name: string }> => {
  let bytes = ""
  for (const [index, name] of names.entries()) {
    const key = keyBytes(name, modes)
    if (key === undefined) return Result.fail({ index, name })
    bytes += key
  }
  return Result.succeed(bytes)
}

const escape = "\x1b"
const csi = `${escape}[`
const ss3 = `${escape}O`

/** The final letter of `CSI X`, `SS3 X` and, with modifiers, `CSI 1 ; m X`. */
const lettered: ReadonlyMap<string, string> = new Map(Object.entries({ up: "A", down: "B", right: "C", left: "D", home: "H", end: "F" }))
const functions: ReadonlyMap<string, string> = new Map(Object.entries({ f1: "P", f2: "Q", f3: "R", f4: "S" }))
/** The number of `CSI n ~`, with modifiers `CSI n ; m ~`. */
const numbered: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ insert: 2, delete: 3, pageup: 5, pagedown: 6, f5: 15, f6: 17, f7: 18, f8: 19, f9: 20, f10: 21, f11: 23, f12: 24 }
  })
)
/** What they are without modifiers. */
const single: ReadonlyMap<string, string> = new Map(
  Object.entries({ enter: "\r", linefeed: "\n", escape, tab: "\t", backspace: "\x7f", space: " " })
)
/** In application mode, VT100: `SS3` and a letter. */
const keypad: ReadonlyMap<string, string> = new Map([
  ...[..."0123456789"].map((digit, index) => [`kp${digit}`, String.fromCharCode(0x70 + index)] as const),
  ...Object.entries({ "kp*": "j", "kp+": "k", "kp-": "m", "kp.": "n", "kp/": "o", kpenter: "M" })
])

const xtermBytes = ({ key, modifiers }: Key, { applicationCursor, applicationKeypad, kittyKeyboard }: KeyModes): string | undefined => {
  if ((modifiers & superKey) !== 0 && kittyKeyboard === 0) return undefined
  const cursor = lettered.get(key)
  if (cursor !== undefined) {
    if (modifiers !== 0) return `${csi}1;${1 + modifiers}${cursor}`
    return (applicationCursor && kittyKeyboard === 0 ? ss3 : csi) + cursor
  }
  const fkey = functions.get(key)
  if (fkey !== undefined) {
    // Kitty keeps `CSI R` for the report of the cursor.
    if (kittyKeyboard !== 0 && key === "f3") return modifiers === 0 ? `${csi}13~` : `${csi}13;${1 + modifiers}~`
    if (modifiers !== 0) return `${csi}1;${1 + modifiers}${fkey}`
    return (kittyKeyboard === 0 ? ss3 : csi) + fkey
  }
  const number = numbered.get(key)
  if (number !== undefined) return modifiers === 0 ? `${csi}${number}~` : `${csi}${number};${1 + modifiers}~`
  const pad = keypad.get(key)
  if (pad !== undefined) return applicationKeypad ? ss3 + pad : key === "kpenter" ? "\r" : key.slice(2)
  return typed(key, modifiers)
}

/** What a typewriter has: Alt is an Escape before it. */
const typed = (key: string, modifiers: number): string | undefined => {
  const meta = (modifiers & alt) === 0 ? "" : escape
  const isControlled = (modifiers & ctrl) !== 0
  const isShifted = (modifiers & shift) !== 0
  if (key === "tab" && isShifted) return `${meta}${csi}Z`
  if (key === "backspace" && isControlled) return `${meta}\b`
  if (key === "space" && isControlled) return `${meta}\0`
  const character = single.get(key)
  if (character !== undefined) return meta + character
  if (!isControlled) return meta + (isShifted ? key.toUpperCase() : key)
  const control = controlOf(key)
  return control === undefined ? undefined : meta + control
}

/** Control takes the two high bits off; digits and signs as VT220 and xterm have them. */
const controlOf = (key: string): string | undefined => {
  if (/^[a-z]$/i.test(key)) return String.fromCharCode(key.toUpperCase().charCodeAt(0) - 0x40)
  const place = "@[\\]^_".indexOf(key)
  if (place >= 0) return ["\0", escape, "\x1c", "\x1d", "\x1e", "\x1f"][place]
  return controlled.get(key)
}
const controlled: ReadonlyMap<string, string> = new Map(
  Object.entries({ "2": "\0", "3": escape, "4": "\x1c", "5": "\x1d", "6": "\x1e", "7": "\x1f", "8": "\x7f", "/": "\x1f", "?": "\x7f" })
)

const disambiguate = 1
const allAsEscapes = 8
const withText = 16
/** Keys of Kitty's protocol that are numbers there. */
const codes: ReadonlyMap<string, number> = new Map(
  Object.entries({ escape: 27, enter: 13, linefeed: 10, tab: 9, backspace: 127, space: 32 })
)

/** `CSI code ; modifiers u`, for what would be ambiguous without; undefined where the key stays what it was. */
const kittyBytes = ({ key, modifiers }: Key, { kittyKeyboard: flags }: KeyModes): string | undefined => {
  if ((flags & (disambiguate | allAsEscapes)) === 0) return undefined
  const isText = key.length === 1
  const code = isText ? key.toLowerCase().charCodeAt(0) : codes.get(key)
  if (code === undefined) return undefined
  const held = isText && /^[A-Z]$/.test(key) && (modifiers & ctrl) === 0 ? modifiers | shift : modifiers
  if ((flags & allAsEscapes) === 0) {
    // Enter, Tab and Backspace stay, so that a person can still type `reset` after a program that crashed.
    const stays = isText || key === "space" ? (held & ~shift) === 0 : key !== "escape" && held === 0
    if (stays) return undefined
  }
  const text = isText && (flags & withText) !== 0 && (held & ~shift) === 0 ? `;${typed(key, held)?.charCodeAt(0)}` : ""
  return held === 0 && text === "" ? `${csi}${code}u` : `${csi}${code};${1 + held}${text}u`
}
