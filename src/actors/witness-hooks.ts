/** What hooks left in their spool while no daemon answered them: told once, and no old word for a new one. */
import { Effect, Stream } from "effect"
import type { HookKind } from "../domain/providers/hook-files/index.ts"
import { readHook } from "../domain/providers/hooks/index.ts"
import { AgentFiles } from "../infra/agents/agent-files.ts"
import { Evidence } from "../infra/evidence/evidence.ts"
import { reportsOf } from "./observing.ts"
import type { Witnessing } from "./witnesses.ts"

export const witnessHooks = Effect.fn("witnessHooks")(function* (witnessing: Witnessing, kind: HookKind) {
  const { context, generation, recognise, session, tell } = witnessing
  const { spool } = yield* Evidence
  const { keepSpooledTo, spooledTo, spoolOf } = yield* AgentFiles
  yield* Stream.runForEach(spool(spoolOf(session), spooledTo(session)), ({ calls, to }) =>
    Effect.sync(() => {
      for (const call of calls) {
        if (call.generation !== generation) continue
        const observations = readHook(kind, call.event, call.payload)
        // It lay here while others spoke: what the agent did then says nothing of what it does now.
        const isOld = call.at < context().activity.at
        const still = isOld ? observations.filter(({ type }) => type === "Conversation" || type === "Unknown") : observations
        for (const report of reportsOf({ generation, source: "hook", observedAt: call.at, recognise }, still)) tell(report)
      }
      keepSpooledTo(session, to)
    })
  )
})
