/** A turn that its agent did not live to end: its prompt is queued again, once, and only because a client asks. */
import { Effect } from "effect"
import { type Asking, PromptNotFound, Sessions } from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import { Texts } from "../infra/texts.ts"
import { againSuffix } from "./contract/prompts.ts"
import { problem } from "./problems.ts"
import { toProblem } from "./refusals.ts"
import { invalidField } from "./request.ts"

export const continued = Effect.fn("http.continue")(function* (id: string, promptId: string, asking: Asking) {
  const { get, prompt, prompts } = yield* Sessions
  const again = `${promptId}${againSuffix}`
  if (again.length > limits.promptNameChars)
    return yield* invalidField("promptId", `at most ${limits.promptNameChars - againSuffix.length} characters, to be continued`)
  const all = yield* Effect.mapError(prompts(id), toProblem)
  const repeated = all.find((view) => view.id === again)
  if (repeated !== undefined) return { prompt: repeated, repeated: true }
  const before = all.find((view) => view.id === promptId)
  if (before === undefined) return yield* toProblem(new PromptNotFound({ session: id, prompt: promptId }))
  const { abandoned, seq, state } = yield* Effect.mapError(get(id), toProblem)
  const refused = (as: string, detail: string) => problem("refused", detail, { as, session: id, seq, state })
  if (abandoned?.prompt !== promptId) return yield* refused("prompt_not_abandoned", `prompt ${promptId} is not that of an abandoned turn`)
  const text = yield* Effect.catchTag((yield* Texts).read(before.hash), "TextMissing", () =>
    Effect.fail(refused("text_missing", `the text of prompt ${promptId} is no longer there`))
  )
  const { attachments, deliver, from, onUncertain, replyExpected, replyTo, threadId } = before
  const wanted = {
    ...{ id: again, text, deliver, onUncertain, from, replyTo, threadId, replyExpected, expiresInMs: null },
    ...(attachments === undefined ? {} : { attachments })
  }
  return yield* Effect.mapError(prompt(id, wanted, asking), toProblem)
})
