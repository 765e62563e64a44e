/** What the agent publishes of itself in a file of its own, as soon as its process is known. */
import { Effect, Stream } from "effect"
import { Evidence } from "../infra/evidence/evidence.ts"
import { Secrets } from "../infra/secrets.ts"
import { reportsOf } from "./observing.ts"
import type { Witnessing } from "./witnesses.ts"

export const witnessStatus = Effect.fnUntraced(function* (witnessing: Witnessing) {
  const { context, generation, news, recognise, session, tell } = witnessing
  const { status } = yield* Evidence
  const environment = yield* Effect.option((yield* Secrets).environment(session))
  if (environment._tag === "None") return
  while (context().process === null) yield* news.next
  const { nonce, process } = context()
  if (process === null) return
  yield* Stream.runForEach(status(environment.value, { process, nonce }), (observation) =>
    Effect.sync(() => {
      for (const report of reportsOf({ generation, source: "protocol", recognise }, [observation])) tell(report)
    })
  )
})
