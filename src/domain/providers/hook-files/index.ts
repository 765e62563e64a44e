/** The private files by which an agent's own hooks come to call us. The user's settings are never touched. */
import type { Provider } from "../provider.ts"
import { claudeCodeFiles } from "./claude-code.ts"
import { geminiFiles } from "./gemini.ts"
import { opencodeFiles } from "./opencode.ts"
import { piFiles } from "./pi.ts"

export type HookKind = NonNullable<Provider["evidence"]["hooks"]>

export interface Callback {
  readonly directory: string
  /** argv of the program to call: the event's name comes as last word, the payload on its standard input. */
  readonly hook: ReadonlyArray<string>
}

export interface PrivateFile {
  readonly name: string
  readonly text: string
}

export const hookFiles = (kind: HookKind, callback: Callback): ReadonlyArray<PrivateFile> => files[kind](callback)

const files: { readonly [kind in HookKind]: (callback: Callback) => ReadonlyArray<PrivateFile> } = {
  "claude-code": claudeCodeFiles,
  gemini: geminiFiles,
  opencode: opencodeFiles,
  pi: piFiles
}
