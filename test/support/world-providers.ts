/** Agents that the modelled world knows, each with another way to be observed and to keep its conversation. */
import { command } from "../../src/domain/providers/command.ts"
import type { Provider } from "../../src/domain/providers/provider.ts"

const talking: Provider = {
  ...command,
  // Only its own word makes it ready.
  ready: { firstOutput: false, aliveMs: null },
  submit: { bracketed: false, enterAfterMs: 40, commands: false, backslash: false, clear: "\x15" },
  interrupt: "\x1b"
}
const keys = { allow: "1", deny: "2", choose: "{n}", settleMs: 400 } as const
const words = {
  fresh: ["--begin", "{conversation}"],
  resume: ["--resume", "{conversation}"],
  fork: ["--fork", "{parent}", "{conversation}"]
}

/** We name its conversation, and its hooks report it. */
const hooked: Provider = {
  ...talking,
  id: "hooked",
  conversation: { named: "chosen", ...words },
  answers: keys,
  evidence: { ...command.evidence, hooks: "claude-code" }
}
/** It names its conversation itself, and one Escape only warns it. */
const naming: Provider = {
  ...hooked,
  id: "naming",
  conversation: { named: "reported", fresh: [], resume: words.resume, fork: ["--fork", "{parent}"] },
  interruptAgainMs: 150
}
/** It reports on itself in its output, and takes a line for an answer. */
const speaking: Provider = { ...talking, id: "speaking", conversation: { named: "chosen", ...words } }

/** `command` is the one of which nothing is known. */
export const worldProviders: ReadonlyMap<string, Provider> = new Map([hooked, naming, speaking, command].map((each) => [each.id, each]))
