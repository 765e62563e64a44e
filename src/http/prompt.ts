/** The body of a prompt becomes what a session is asked, every default in one place, or says that it is too large. */
import { Result } from "effect"
import type { PromptRequest as Request } from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import type { PromptRequest } from "./contract/prompts.ts"
import { type Problem, problem } from "./problems.ts"

export const promptOf = (body: PromptRequest): Result.Result<Request, Problem> =>
  Result.map(textOf(body.text), (text) => ({
    ...(body.id === undefined ? {} : { id: body.id }),
    text,
    deliver: body.deliver ?? "turn_boundary",
    onUncertain: body.onUncertain ?? "report",
    from: body.from ?? null,
    replyTo: body.replyTo ?? null,
    threadId: body.threadId ?? null,
    replyExpected: body.replyExpected ?? false,
    expiresInMs: body.expiresInMs ?? null
  }))

export const textOf = (text: string): Result.Result<string, Problem> =>
  Buffer.byteLength(text) <= limits.promptBytes
    ? Result.succeed(text)
    : Result.fail(
        problem("prompt_too_large", `a prompt is limited to ${limits.promptBytes} bytes`, {
          limit: "promptBytes",
          maximum: limits.promptBytes
        })
      )
