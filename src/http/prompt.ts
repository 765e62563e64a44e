/** The body of a prompt becomes what a session is asked, every default in one place, or says that it is too large. */
import { Result } from "effect"
import type { PromptAnswer, PromptRequest as Request } from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import { jsonAnswer } from "./answers.ts"
import type { BroadcastRequest, PromptRequest } from "./contract/prompts.ts"
import { type Problem, problem } from "./problems.ts"

/** Attachments apart: those are looked at where they lie. */
export const promptOf = (body: PromptRequest | (typeof BroadcastRequest.Type)["prompt"]): Result.Result<Request, Problem> =>
  Result.map(textOf(body.text), (text) => ({
    ...(body.id === undefined ? {} : { id: body.id }),
    text,
    deliver: body.deliver ?? "turn_boundary",
    onUncertain: body.onUncertain ?? "report",
    from: body.from ?? null,
    replyTo: body.replyTo ?? null,
    threadId: body.threadId ?? null,
    replyExpected: body.replyExpected ?? false,
    expiresInMs: body.expiresInMs ?? null,
    ...("answers" in body && body.answers !== undefined ? { answers: body.answers } : {})
  }))

/** The header says that nothing was done now: an earlier request with the same id or key was. */
export const queuedAnswer = ({ prompt, repeated }: PromptAnswer) =>
  jsonAnswer(prompt, 202, {
    location: `/v1/sessions/${prompt.session}/prompts/${prompt.id}`,
    ...(repeated ? { "idempotency-replayed": "true" } : {})
  })

export const textOf = (text: string): Result.Result<string, Problem> =>
  Buffer.byteLength(text) <= limits.promptBytes
    ? Result.succeed(text)
    : Result.fail(
        problem("prompt_too_large", `a prompt is limited to ${limits.promptBytes} bytes`, {
          limit: "promptBytes",
          maximum: limits.promptBytes
        })
      )
