/** What is typed for a prompt, and the prompt known again in what its agent repeats of it. */
import { agentOf } from "../domain/providers/index.ts"
import type { SessionContext } from "../domain/session-context.ts"
import type { TerminalModes } from "../domain/terminal-modes.ts"

type Submitting = Pick<SessionContext, "provider" | "spec">

/** The text as the agent is to read it: each line with one end, its attachments behind it. */
export const typedText = (context: Submitting, text: string, paths: ReadonlyArray<string>): string => {
  // A carriage return is Enter: it would submit what comes before it.
  const whole = [text.replaceAll(/\r\n?/g, "\n"), ...paths]
    .filter((part, index) => index > 0 || part !== "" || paths.length === 0)
    .join("\n")
  // Backslash and Enter would be read as a new line, and nothing be submitted.
  return agentOf(context).submit.backslash && whole.endsWith("\\") ? `${whole} ` : whole
}

/** A line that the agent takes as a command of its own. */
export const isCommand = (context: Submitting, text: string): boolean =>
  agentOf(context).submit.commands && text.startsWith("/") && !text.includes("\n")

/**
 * The bytes: a paste where the program has asked its terminal for one, and what the provider says where the screen does not show it. A
 * command of the agent's own is typed as keys are, or it would not be one.
 */
export const typedBytes = (context: Submitting, text: string, modes: TerminalModes | null): Uint8Array => {
  const { bracketed: usual, clear } = agentOf(context).submit
  const bracketed = modes === null || !(modes.exact || modes.bracketedPaste) ? usual : modes.bracketedPaste
  return new TextEncoder().encode(clear + (bracketed && text !== "" && !isCommand(context, text) ? `\x1b[200~${text}\x1b[201~` : text))
}

/** Whether the agent speaks of this text: it may have trimmed it, or wrapped a long one. */
export const isRepeatOf = (repeated: string, typed: string): boolean => {
  const [there, here] = [plain(repeated), plain(typed)]
  return there === here || (here.length >= wrappedChars && there.includes(here))
}

/** Agents wrap what was pasted in marks of their own from some hundred characters on. */
const wrappedChars = 200
const plain = (text: string) => text.replaceAll(/\r\n?/g, "\n").trim()
