/** Named keys become the bytes that an xterm sends for them; an unknown name is refused, never guessed. */
import { Result } from "effect"

const escape = "\x1b"
const csi = `${escape}[`

const named: Readonly<Record<string, string>> = {
  enter: "\r",
  escape,
  tab: "\t",
  "shift-tab": `${csi}Z`,
  backspace: "\x7f",
  space: " ",
  up: `${csi}A`,
  down: `${csi}B`,
  right: `${csi}C`,
  left: `${csi}D`,
  home: `${csi}H`,
  end: `${csi}F`,
  insert: `${csi}2~`,
  delete: `${csi}3~`,
  pageup: `${csi}5~`,
  pagedown: `${csi}6~`,
  f1: `${escape}OP`,
  f2: `${escape}OQ`,
  f3: `${escape}OR`,
  f4: `${escape}OS`,
  f5: `${csi}15~`,
  f6: `${csi}17~`,
  f7: `${csi}18~`,
  f8: `${csi}19~`,
  f9: `${csi}20~`,
  f10: `${csi}21~`,
  f11: `${csi}23~`,
  f12: `${csi}24~`,
  "ctrl-space": "\0",
  "ctrl-@": "\0",
  "ctrl-[": escape,
  "ctrl-\\": "\x1c",
  "ctrl-]": "\x1d",
  "ctrl-^": "\x1e",
  "ctrl-_": "\x1f"
}

/** Modified cursor and function keys: xterm's `CSI 1 ; m X` and `CSI n ; m ~`. */
const modifiers: Readonly<Record<string, number>> = { shift: 2, alt: 3, ctrl: 5 }
const lettered: Readonly<Record<string, string>> = { up: "A", down: "B", right: "C", left: "D", home: "H", end: "F" }
const numbered: Readonly<Record<string, number>> = { insert: 2, delete: 3, pageup: 5, pagedown: 6 }

const modified = (modifier: string, key: string): string | undefined => {
  const code = Object.hasOwn(modifiers, modifier) ? modifiers[modifier] : undefined
  if (code === undefined) return undefined
  if (Object.hasOwn(lettered, key)) return `${csi}1;${code}${lettered[key]}`
  if (Object.hasOwn(numbered, key)) return `${csi}${numbered[key]};${code}~`
  return undefined
}

/** One key, by its name: `enter`, `ctrl-c`, `alt-x`, `shift-up`, `f5`. Names are in lower case; `alt-` keeps the case of its character. */
export const keyBytes = (name: string): string | undefined => {
  const lower = name.toLowerCase()
  if (Object.hasOwn(named, lower)) return named[lower]
  if (/^ctrl-[a-z]$/.test(lower)) return String.fromCharCode(lower.charCodeAt(5) - 96)
  const [, modifier, key] = /^(shift|alt|ctrl)-([a-z0-9]+)$/.exec(lower) ?? []
  const chord = modifier !== undefined && key !== undefined ? modified(modifier, key) : undefined
  if (chord !== undefined) return chord
  if (!lower.startsWith("alt-")) return undefined
  const rest = name.slice(4)
  if (/^[\x20-\x7e]$/.test(rest)) return escape + rest
  return Object.hasOwn(named, rest.toLowerCase()) ? escape + named[rest.toLowerCase()] : undefined
}

/** The index of the first name nobody knows, or every key's bytes, in order. */
export const keysBytes = (names: ReadonlyArray<string>): Result.Result<string, { readonly index: number; readonly name: string }> => {
  let bytes = ""
  for (const [index, name] of names.entries()) {
    const key = keyBytes(name)
    if (key === undefined) return Result.fail({ index, name })
    bytes += key
  }
  return Result.succeed(bytes)
}
