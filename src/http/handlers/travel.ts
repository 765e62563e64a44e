/** The routes into a session's past. */
import { Effect, Stream } from "effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { historyOf } from "../../actors/history.ts"
import { type Past, type Place, pastAt, seqOf } from "../../actors/past.ts"
import { Sessions } from "../../actors/sessions.ts"
import { explain } from "../../domain/explain/explain.ts"
import type { SessionId } from "../../domain/ids.ts"
import { iso } from "../../domain/time.ts"
import { view } from "../../domain/view.ts"
import { EventReader } from "../../infra/log/event-store.ts"
import { jsonAnswer } from "../answers.ts"
import { castType, type Explanation, type PastState } from "../contract/travel.ts"
import { Api } from "../contract.ts"
import { Draining } from "../draining.ts"
import { eventOf } from "../logged-event.ts"
import { placeOf } from "../place.ts"
import { problem } from "../problems.ts"
import { recording } from "../recording.ts"
import { toProblem } from "../refusals.ts"

export const travelLayer = HttpApiBuilder.group(Api, "travel", (handlers) =>
  handlers
    .handle("state", ({ params, query }) =>
      Effect.gen(function* () {
        const place = yield* placeOf(query.at, yield* headOf(params.id))
        return jsonAnswer(stateOf(yield* Effect.mapError(pastAt(params.id, place), toProblem)))
      })
    )
    .handle("explain", ({ params, query }) =>
      Effect.gen(function* () {
        const place = yield* placeOf(query.at, yield* headOf(params.id))
        return jsonAnswer(yield* Effect.mapError(explained(params.id, place), toProblem))
      })
    )
    .handle("recording", ({ params }) =>
      Effect.gen(function* () {
        const view = yield* Effect.mapError((yield* Sessions).get(params.id), toProblem)
        const { begun } = yield* Draining
        const lines = Stream.interruptWhen(yield* recording(view), begun)
        return HttpServerResponse.stream(lines, { contentType: castType, headers: { "cache-control": "no-store" } })
      })
    )
)

/** From the log and not from the actor: the past of a session that this version cannot run is read up to where it can. */
const headOf = Effect.fnUntraced(function* (id: string) {
  const row = yield* Effect.mapError((yield* EventReader).row(id), toProblem)
  return row === null ? yield* problem("session_not_found", `no session ${id}`, { session: id }) : row.seq
})

const explained = Effect.fnUntraced(function* (id: SessionId, place: Place) {
  const { head, seq } = yield* seqOf(id, place)
  const links = yield* explain(yield* historyOf(id), seq)
  return { session: id, seq, head, rooted: links.at(-1)?.kind === "origin", links } satisfies Explanation
})

const stateOf = ({ entry, head, session, stateHash }: Past): PastState => {
  const shown = view(session, entry.seq)
  const { context } = session
  return {
    session: shown.id,
    seq: entry.seq,
    head,
    at: iso(entry.wallMs),
    fact: eventOf(entry),
    view: shown,
    state: { value: session.value, context: { ...context } },
    prompts: context.prompts.map((prompt) => ({ ...prompt })),
    deadlines: Object.entries(context.deadlines)
      .map(([name, { bootMs, wallMs }]) => ({ name, at: iso(wallMs), inMs: bootMs - entry.bootMs }))
      .toSorted((a, b) => a.inMs - b.inMs),
    stateHash,
    recordedHash: entry.stateHash,
    agrees: stateHash === entry.stateHash
  }
}
