/** What a line of an agent's own transcript reports. Whatever stands in it, the result says something of it, and nothing is broken. */
import type { Observation } from "../../observations.ts"
import { isObject, parsed, textAt, timeAt } from "../json.ts"
import { type Told, unknown } from "../observing.ts"
import type { Provider } from "../provider.ts"
import { readClaudeCodeEntry } from "./claude-code.ts"
import { readCodexEntry } from "./codex.ts"
import { readGeminiEntry } from "./gemini.ts"
import { readPiEntry } from "./pi.ts"

export type TranscriptKind = NonNullable<Provider["evidence"]["transcript"]>

/** One line, without the LF that ends it. Lines are cut at LF alone: JSON texts may hold U+2028 as it stands. */
export const readTranscript = (kind: TranscriptKind, line: string): ReadonlyArray<Observation> => {
  if (line.trim() === "") return []
  const entry = parsed(line)
  return (isObject(entry) ? readers[kind](entry) : null) ?? [unknown(`transcript ${textAt(entry, "type") ?? ""}`, line)]
}

/**
 * When the line was written, epoch milliseconds; null where it does not say. A fork's file repeats its parent's lines with their own
 * times: what is older than the launch is not reported again.
 */
export const writtenAt = (line: string): number | null => timeAt(parsed(line), "timestamp")

const readers: { readonly [kind in TranscriptKind]: (entry: unknown) => Told } = {
  "claude-code": readClaudeCodeEntry,
  codex: readCodexEntry,
  gemini: readGeminiEntry,
  pi: readPiEntry
}
