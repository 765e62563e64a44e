/** Images at the edge: taken from a body, or looked at where a prompt names them; each refusal has its name. */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { PromptRequest as Asked } from "../actors/sessions.ts"
import { Sessions } from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import { type AttachmentRefused, Attachments } from "../infra/agents/attachments.ts"
import { StoreFailure } from "../infra/log/event-store.ts"
import type { PromptRequest } from "./contract/prompts.ts"
import { problem } from "./problems.ts"
import { toProblem } from "./refusals.ts"
import { bytesOf } from "./request.ts"

export const uploaded = Effect.fn("http.attach")(function* (id: string, request: HttpServerRequest) {
  const mediaType = (request.headers["content-type"] ?? "").trim().toLowerCase()
  if (!mediaType.startsWith("image/")) return yield* problem("unsupported_media_type", "send an image: Content-Type: image/png")
  const { phase, state } = yield* Effect.mapError((yield* Sessions).get(id), toProblem)
  if (state === "terminated")
    return yield* problem("refused", "the session is over for good", { as: "terminated", session: id, state: `${state}/${phase}` })
  const bytes = yield* bytesOf(request, "attachmentBytes")
  return yield* (yield* Attachments).keep(id, bytes).pipe(
    Effect.catchTags({
      AttachmentRefused: (refusal) => Effect.fail(refusalOf(refusal, "body")),
      AttachmentNotKept: ({ cause, code }) =>
        Effect.fail(toProblem(new StoreFailure({ operation: "keep the attachment", code, outcome: "absent", cause })))
    })
  )
})

/** The prompt with its attachments as they are now. */
export const withAttachments = Effect.fn("http.withAttachments")(function* (
  id: string,
  asked: Asked,
  attachments: PromptRequest["attachments"] = []
) {
  if (attachments.length === 0) return asked
  const { cwd } = yield* Effect.mapError((yield* Sessions).get(id), toProblem)
  const found = yield* Effect.mapError((yield* Attachments).check({ session: id, cwd, attachments }), (refusal) =>
    refusalOf(refusal, `attachments.${refusal.place}`)
  )
  return { ...asked, attachments: found }
})

const refusalOf = ({ code, detail }: AttachmentRefused, field: string) => {
  const limit = code === "attachment_too_large" ? "attachmentBytes" : code === "attachments_full" ? "attachmentsKeptBytes" : undefined
  return problem(code, detail, {
    errors: [{ field, message: detail, code }],
    ...(limit === undefined ? {} : { limit, maximum: limits[limit] })
  })
}
