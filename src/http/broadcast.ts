/** One prompt for many sessions: each is asked for itself, and each has its own answer. */
import { Effect } from "effect"
import { type Asking, type PromptRequest, Sessions } from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import type { SessionView } from "../domain/view.ts"
import { EventReader } from "../infra/log/event-store.ts"
import type { BroadcastRequest } from "./contract/prompts.ts"
import { problem } from "./problems.ts"
import { toProblem } from "./refusals.ts"

/** An idempotency key counts for each session: a repeat prompts no session twice, and asks those that refused or are new. */
export const broadcast = Effect.fn("http.broadcast")(function* (
  to: (typeof BroadcastRequest.Type)["to"],
  request: PromptRequest,
  asking: Asking
) {
  const { prompt } = yield* Sessions
  const ids: ReadonlyArray<string> = "ids" in to ? [...new Set(to.ids)] : yield* reachable("labels" in to ? to.labels : {})
  if (ids.length > limits.promptTargets)
    return yield* problem("over_capacity", `at most ${limits.promptTargets} sessions are prompted by one request; name fewer`, {
      limit: "promptTargets",
      maximum: limits.promptTargets
    })
  return yield* Effect.forEach(
    ids,
    (session) =>
      Effect.match(prompt(session, request, askingFor(session, asking)), {
        onSuccess: ({ prompt }) => ({ session, status: "queued" as const, prompt }),
        onFailure: (failure) => ({ session, status: "refused" as const, problem: { ...toProblem(failure) } })
      }),
    { concurrency: 16 }
  )
})

const askingFor = (session: string, asking: Asking): Asking =>
  asking.idempotency === undefined
    ? asking
    : { ...asking, idempotency: { ...asking.idempotency, scope: `${asking.idempotency.scope} ${session}` } }

/** The sessions that have an agent, or are about to have one: the others would only refuse. In the order of their creation. */
const reachable = Effect.fnUntraced(function* (labels: Readonly<Record<string, string>>) {
  const rows = yield* (yield* EventReader).live
  const asked = Object.entries(labels)
  return rows
    .filter((row) => expectsAgent(row.view as SessionView) && asked.every(([key, value]) => row.labels[key] === value))
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .map(({ id }) => id)
})

const expectsAgent = ({ phase, state }: SessionView) => phase === "backing_off" || (state !== "ended" && state !== "terminated")
