/** What an agent's own hook reports. Whatever it is called with, the result says something of it, and nothing is broken. */
import type { Observation } from "../../observations.ts"
import type { HookKind } from "../hook-files/index.ts"
import { isObject } from "../json.ts"
import { type Told, unknown } from "../observing.ts"
import { readClaudeCodeHook } from "./claude-code.ts"
import { readGeminiHook } from "./gemini.ts"
import { readOpencodeHook } from "./opencode.ts"
import { readPiHook } from "./pi.ts"

export const readHook = (kind: HookKind, event: string, payload: unknown): ReadonlyArray<Observation> =>
  (isObject(payload) ? readers[kind](event, payload) : null) ?? [unknown(event, payload)]

const readers: { readonly [kind in HookKind]: (event: string, payload: unknown) => Told } = {
  "claude-code": readClaudeCodeHook,
  gemini: readGeminiHook,
  opencode: readOpencodeHook,
  pi: readPiHook
}
