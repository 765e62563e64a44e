/** A prompt in words: its state, and which source said so. */
import type { PromptView } from "../../domain/prompt-view.ts"
import type { Paint } from "./colour.ts"
import { oneLine } from "./sanitise.ts"

/** `p-… submitted (holder: Enter was pressed once)`. */
export const fateOf = (view: PromptView): string => `${oneLine(view.id)} ${view.state} (${evidenceOf(view)})`

/** The newest step. */
export const evidenceOf = ({ steps, waits }: PromptView): string => {
  if (waits !== undefined) return `it waits: ${oneLine(waits.detail)}`
  const last = steps.at(-1)
  if (last === undefined) return "nothing is known"
  return last.detail === "" ? `by ${oneLine(last.source)}` : `${oneLine(last.source)}: ${oneLine(last.detail)}`
}

export const fateColour = ({ state }: PromptView, paint: Paint): ((text: string) => string) => {
  if (state === "rejected" || state === "uncertain" || state === "expired") return paint.red
  if (state === "answered" || state === "accepted") return paint.green
  return state === "cancelled" ? paint.dim : paint.yellow
}
