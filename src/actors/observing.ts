/** Turns what a source of evidence reports into reports to the session: each of one generation, with its source. */
import type { EvidenceSource } from "../domain/activity.ts"
import type { InputOf, Report } from "../domain/inputs.ts"
import type { Observation } from "../domain/observations.ts"
import { bounded } from "../domain/providers/bounded.ts"

/** A text that an agent repeats, by its hash; `ours`: it is a prompt's. */
export type Recognised = Pick<InputOf<"PromptObserved">, "ours"> & { readonly hash: string }

export interface Observing {
  readonly generation: number
  readonly source: EvidenceSource
  /** When it was so, epoch milliseconds, where the source says and may be late. */
  readonly observedAt?: number
  /** The hash of the prompt that an agent repeats, or of whatever text it is. */
  readonly recognise: (text: string) => Recognised
}

/** In the order in which they were observed. The reader of the transcript adds up what was used. */
export const reportsOf = (observing: Observing, observations: ReadonlyArray<Observation>): ReadonlyArray<Report> =>
  observations.flatMap((observed) => {
    const within = bounded(observed)
    return within === null ? [] : reported(observing, within)
  })

const reported = ({ generation, observedAt, recognise, source }: Observing, observed: Observation): ReadonlyArray<Report> => {
  const when = observedAt === undefined ? {} : { observedAt }
  switch (observed.type) {
    case "Activity": {
      const { activity, question } = observed
      const asked = question && { kind: question.kind, choices: question.choices }
      return [
        {
          type: "ActivityObserved",
          generation,
          activity,
          source,
          question: question === null || question.text === "" ? null : question.text,
          ...(asked === null ? {} : { asked }),
          ...when
        }
      ]
    }
    case "Conversation":
      return [{ type: "ConversationObserved", generation, source, id: observed.id, transcript: observed.transcript }]
    case "PromptTaken":
      return [
        {
          type: "PromptObserved",
          generation,
          source,
          detail: "the agent took the prompt up",
          ...(observed.text === null ? {} : recognise(observed.text)),
          ...when
        }
      ]
    case "TurnEnded":
      return [{ type: "TurnObserved", generation, source, outcome: observed.outcome, detail: observed.detail, ...when }]
    case "Blocked":
      return [{ type: "BlockObserved", generation, source, cause: observed.cause, until: observed.until, detail: observed.detail }]
    case "Unknown":
      return [{ type: "MessageNotKnown", generation, source, kind: observed.kind, raw: observed.raw }]
    case "Used":
      return []
  }
}
