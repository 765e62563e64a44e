/** What hooks left in their spool while no daemon answered them: reported once, and no old word for a new one. */
import { lstatSync } from "node:fs"
import { Clock, Deferred, Effect, Stream } from "effect"
import { observedBy } from "../domain/providers/bounded.ts"
import type { HookKind } from "../domain/providers/hook-files/index.ts"
import { readHook } from "../domain/providers/hooks/index.ts"
import { AgentFiles } from "../infra/agents/agent-files.ts"
import { Evidence } from "../infra/evidence/evidence.ts"
import { reportsOf } from "./observing.ts"
import type { Witnessing } from "./witnesses.ts"

type Hearing = Pick<Witnessing, "session" | "generation" | "context" | "news" | "reading" | "tell" | "recognise">

/** Whether or not the holder can be reached: what hooks say now goes another way, and must not come before what lies here. */
export const witnessHooks = Effect.fnUntraced(function* (hearing: Hearing, kind: HookKind) {
  const { context, generation, news, reading, recognise, session, tell } = hearing
  const { spool } = yield* Evidence
  const { keepSpooledTo, spooledTo, spoolOf } = yield* AgentFiles
  // An agent that speaks is up, and a session takes its word once it knows that.
  while (context().process === null) yield* news.next
  const size = lstatSync(spoolOf(session), { throwIfNoEntry: false })?.size ?? 0
  reading.isSpoolRead ||= spooledTo(session) >= size
  yield* Stream.runForEach(spool(spoolOf(session), spooledTo(session)), ({ calls, to }) =>
    Effect.gen(function* () {
      for (const call of calls) {
        if (call.generation !== generation) continue
        const observations = readHook(kind, call.event, call.payload)
        // It lay here while others spoke: what the agent did then says nothing of what it does now.
        const { at, observedAt } = context().activity
        const saidAt = observedBy(call.at, yield* Clock.currentTimeMillis)
        const isOld = saidAt < (observedAt ?? at)
        const still = isOld ? observations.filter(({ type }) => type === "Conversation" || type === "Unknown") : observations
        for (const report of reportsOf({ generation, source: "hook", observedAt: saidAt, recognise }, still))
          yield* Deferred.await(tell(report))
      }
      // Not before the log has it all: a word that was passed over here would be lost after a crash.
      keepSpooledTo(session, to)
      reading.isSpoolRead ||= to >= size
    })
  )
})
