/** By what name a program asked for a character set, of which xterm keeps the table alone. */
import headless from "@xterm/headless"
import { coreOf } from "./emulator-state.ts"

/** The finals of its designation; `B` is ASCII. */
const finals = [..."B0A4C5RfQK9E6YHZ7="]

let names: ReadonlyMap<string, string> | null = null

/** Each table with the name that a terminal gives it first. */
const known = (): ReadonlyMap<string, string> => {
  if (names !== null) return names
  const found = new Map<string, string>()
  const terminal = new headless.Terminal({ cols: 2, rows: 1, allowProposedApi: true, logLevel: "off" })
  const core = coreOf(terminal)
  for (const final of finals) {
    core.writeSync(`\x1b(${final}`)
    const spelling = JSON.stringify(core._charsetService._charsets[0] ?? null)
    if (!found.has(spelling)) found.set(spelling, final)
  }
  terminal.dispose()
  names = found
  return found
}

export const designators = {
  /** Absent: nothing was designated, which is ASCII. */
  of: (table: object | null | undefined): string =>
    table === undefined || table === null ? "B" : (known().get(JSON.stringify(table)) ?? "B"),
  /** What a program writes under this table to have this text drawn; null where nothing does. */
  spelled: (table: object | null | undefined, text: string): string | null => {
    const entries = Object.entries(table ?? {})
    return entries.find(([, drawn]) => drawn === text)?.[0] ?? (entries.some(([written]) => written === text) ? null : text)
  }
} as const
