/**
 * What of an agent's output may reach a person's terminal: text, and the sequences named here, each spelled again. Whatever makes a
 * terminal answer, read or write files, run, print, resize or leave UTF-8 is not among them, in no spelling.
 */
import { limits } from "../limits.ts"
import type { ControlSequence, EscapeSequence, StringSequence } from "./sequences.ts"
import { clamped, nameOf, numbersOf, type Sequence, spelled, textOf } from "./sequences.ts"

export interface Allowance {
  /** The person agreed that agents write to the clipboard. None ever reads it. */
  readonly clipboard: boolean
}

/** BEL, BS, HT, LF, VT, FF, CR, SO, SI. ENQ is answered by some terminals, XOFF stops others. */
export const allowedControls: ReadonlySet<number> = new Set([0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f])

/** Null where it may not pass. */
export const allowed = (sequence: Sequence, allowance: Allowance): string | null => {
  switch (sequence.kind) {
    case "escape":
      return escapeAllowed(sequence)
    case "csi":
      return controlAllowed(sequence)
    case "osc":
      return commandAllowed(sequence, allowance)
    case "dcs":
      return pictureAllowed(sequence)
    default:
      return null
  }
}

/** Cursor kept and put back, keypad, lines, tab stops, charsets and their shifts, reset; of `#` the test of the alignment. */
const escapeAllowed = ({ final, intermediates }: EscapeSequence): string | null => {
  if (intermediates === "") return "78=>DEHMNOcno|}~".includes(final) ? `\x1b${final}` : null
  if (intermediates === "#") return final === "8" ? `\x1b#${final}` : null
  if (/^[()*+][%"]?$/.test(intermediates) && /^[0-9A-Z<=>?]$/.test(final)) return `\x1b${intermediates}${final}`
  return null
}

/** The most of each number. Nothing that counts makes a difference beyond the largest screen. */
type Rule = (sequence: ControlSequence) => string | null

const largest = Math.max(limits.cols.maximum, limits.rows.maximum)
const upTo =
  (parameters: number, most: number = limits.terminalNumber): Rule =>
  ({ parameters: text }) =>
    text.split(";").length <= parameters && !text.includes(":") ? clamped(text, most) : null
const counted = upTo(1, largest)
const placed = upTo(2, largest)

const oneOf =
  (...known: ReadonlyArray<string>): Rule =>
  ({ parameters }) =>
    known.includes(clamped(parameters)) ? clamped(parameters) : null

/** Those of several numbers that are known; none of them: nothing. */
const modes =
  (known: ReadonlySet<number>): Rule =>
  (sequence) => {
    if (sequence.parameters.includes(":")) return null
    const kept = numbersOf(sequence).filter((number) => number !== null && known.has(number))
    return kept.length === 0 ? null : kept.join(";")
  }

/**
 * Of DEC and others: cursor keys, screen, origin, wrap, mouse, cursor, keypad, margins, focus, paste, alternate screen, synchronised
 * output, grapheme clusters, colour scheme, sizes in band. Not 2 (VT52), 3 (132 columns), 1001 (waits for the program), 1034 (8 bits).
 * What the session's screen does not know (69, margins left and right; rectangles; a stack of styles) does not pass: a person's terminal
 * would show what is gone at the next attach.
 */
const privateModes: ReadonlySet<number> = new Set([
  ...[1, 5, 6, 7, 9, 12, 25, 45, 47, 66],
  ...[1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1047, 1048, 1049],
  ...[2004, 2026, 2027, 2031, 2048]
])
const ansiModes: ReadonlySet<number> = new Set([4, 20])
const privately = modes(privateModes)
const plainly = modes(ansiModes)
const colours: Rule = ({ parameters }) => clamped(parameters)
/** Windows are neither moved nor asked: titles are put on a stack and taken from it. */
const titles: Rule = ({ parameters }) => (/^0*2[23](?:;0*[012])?$/.test(parameters) ? clamped(parameters) : null)

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...[..."ABCDEFGILMPSXZ@`abde"].map((final) => [final, counted] as const),
  ["T", counted],
  ["H", placed],
  ["f", placed],
  ["r", placed],
  ["s", oneOf("")],
  ["J", oneOf("", "0", "1", "2", "3")],
  ["K", oneOf("", "0", "1", "2")],
  ["?J", oneOf("", "0", "1", "2", "3")],
  ["?K", oneOf("", "0", "1", "2")],
  ["g", oneOf("", "0", "3")],
  ["?W", oneOf("5")],
  ["m", colours],
  ["h", plainly],
  ["l", plainly],
  ["?h", privately],
  ["?l", privately],
  ["u", oneOf("")],
  [">u", upTo(1, 31)],
  ["<u", upTo(1, 99)],
  ["=u", upTo(2, 31)],
  [">m", upTo(2, 9)],
  ["t", titles],
  [" q", upTo(1, 6)],
  [" @", counted],
  [" A", counted],
  ["'}", counted],
  ["'~", counted],
  ['"q', oneOf("", "0", "1", "2")],
  ["!p", oneOf("")]
])

const controlAllowed = (sequence: ControlSequence): string | null => {
  const parameters = rules.get(nameOf(sequence))?.(sequence) ?? null
  return parameters === null ? null : spelled(sequence, parameters)
}

const commandAllowed = ({ body, isBell }: StringSequence, { clipboard }: Allowance): string | null => {
  const text = textOf(body)
  const [, number = "", rest = ""] = /^0*(\d{1,4})(?:;(.*))?$/s.exec(text) ?? []
  const value = commands.get(number)?.(rest, clipboard) ?? null
  return value === null ? null : `\x1b]${number}${value}${isBell ? "\x07" : "\x1b\\"}`
}

type Command = (rest: string, clipboard: boolean) => string | null

const shown = (text: string, chars: number) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ").slice(0, chars)
const title: Command = (rest) => `;${shown(rest, limits.titleChars)}`
const colour =
  "(?:#[0-9A-Fa-f]{3,12}|rgb:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){2}|rgba:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){3}|[A-Za-z][A-Za-z0-9 ]{0,31})"
const matching =
  (pattern: RegExp): Command =>
  (rest) =>
    pattern.test(rest) ? `;${rest}` : null
const palette = matching(new RegExp(`^\\d{1,3};${colour}(?:;\\d{1,3};${colour}){0,255}$`))
const dynamic = matching(new RegExp(`^${colour}(?:;${colour}){0,9}$`))
const indexes: Command = (rest) => (rest === "" ? "" : /^\d{1,3}(?:;\d{1,3}){0,255}$/.test(rest) ? `;${rest}` : null)
const nothing: Command = (rest) => (rest === "" ? "" : null)

/** What a link may lead to. Empty: a link ends. */
const link: Command = (rest) => {
  const [, parameters = "", address = ""] = /^([^;]*);(.*)$/s.exec(rest) ?? [rest, "", null]
  if (address === null || !/^(?:[\w=:.-]{0,256})$/.test(parameters)) return null
  return address === "" || /^(?:https?|mailto|file):[!-~]{1,2048}$/.test(address) ? `;${parameters};${address}` : null
}

/** ConEmu gave the numbers behind `9` to other things, among them to start programs: its progress bar alone passes. */
const notification: Command = (rest) => {
  if (/^4;[0-4](?:;\d{0,3})?$/.test(rest)) return `;${rest}`
  return /^\d/.test(rest) || rest === "" ? null : `;${shown(rest, limits.notificationChars)}`
}
const titledNotification: Command = (rest) => (rest.startsWith("notify;") ? `;${shown(rest, limits.notificationChars)}` : null)
const clipboardWritten: Command = (rest, clipboard) => (clipboard && /^[cps]{0,3};[A-Za-z0-9+/]+=*$/.test(rest) ? `;${rest}` : null)

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...["0", "1", "2"].map((number) => [number, title] as const),
  ["4", palette],
  ["8", link],
  ["9", notification],
  ...["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"].map((number) => [number, dynamic] as const),
  ["22", matching(/^[a-z][a-z-]{0,31}$/)],
  ["52", clipboardWritten],
  ["104", indexes],
  ...["110", "111", "112", "113", "114", "115", "116", "117", "118", "119"].map((number) => [number, nothing] as const),
  ["777", titledNotification]
])

/** Sixel: nothing but the picture's own letters. */
const pictureAllowed = ({ body }: StringSequence): string | null => {
  const text = textOf(body)
  return /^[\d;]{0,32}q[!-~\s]*$/.test(text) ? `\x1bP${text.replaceAll(/[\x00-\x1f]/g, "")}\x1b\\` : null
}
