/** Faults planted in our own parts, one at a time: a simulation that does not find them would not find a real one either. */
import { Effect, Stream } from "effect"
import { decide } from "../../src/domain/decide/index.ts"
import { apply, canonical, type Session } from "../../src/domain/session.ts"
import { encodeFact } from "../../src/domain/upcast.ts"
import { stateHash } from "../../src/infra/log/state-hash.ts"
import type { DaemonOptions } from "../support/world-daemon.ts"
import type { Stage } from "../support/world-stage.ts"

export type Mutant = (stage: Stage) => DaemonOptions

/** The answer first, the log a moment later: what dies in between was promised and is not there. */
const acknowledgeBeforeCommit: Mutant = () => ({
  bendAppend: (decision, append) =>
    decision.expected === 0
      ? append(decision)
      : Effect.as(Effect.forkDetach(append(decision), { startImmediately: false }), {
          seq: decision.expected + decision.facts.length,
          position: 0
        })
})

/** What a fact obliges is done while the fact is still being written. */
const actBeforeAppend: Mutant = () => ({
  bendAppend: (decision, append) =>
    decision.facts.some(({ type }) => type === "LaunchIntended" || type === "StopRequested" || type === "InputAccepted")
      ? Effect.as(Effect.forkDetach(Effect.andThen(Effect.sleep(50), append(decision))), {
          seq: decision.expected + decision.facts.length,
          position: 0
        })
      : append(decision)
})

/** A new daemon does not look at sessions that only wait. */
const dropDeadlinesOnRestart: Mutant = () => ({
  bendReader: (reader) => ({ ...reader, live: Effect.map(reader.live, (rows) => rows.filter(({ state }) => state !== "ended")) })
})

/** A stop that somebody asked for counts as a crash. */
const relaunchAfterStop: Mutant = (stage) => ({
  bendAppend: (decision, append) => {
    const before = stage.truth.streams.get(decision.stream)?.session
    const end = decision.facts.find(({ data, type }) => type === "GenerationEnded" && (data.cause as { type: string }).type === "stopped")
    if (before === undefined || end === undefined || decision.input.type === "Create") return append(decision)
    const { stop } = before.context
    if (stop === null) return append(decision)
    const forgetful = { ...before, context: { ...before.context, stop: null, leaderExit: { code: 1, signal: null } } } as Session
    const decided = decide(forgetful, decision.input, decision.moment)
    if (decided._tag !== "Accepted") return append(decision)
    let session = before
    const facts = decided.steps.map(({ fact }) => {
      session = apply(session, fact)[0]
      return { ...encodeFact(fact), stateHash: stateHash(canonical(session)) }
    })
    const seq = decision.expected + facts.length
    const { checkpoint: _dropped, ...rest } = decision
    const altered = { ...rest, facts, row: { ...decision.row, seq, live: true } }
    // The actor reads from the log what has become of its session.
    return Effect.andThen(append(altered), Effect.die(new Error("made anew")))
  }
})

/** The end of an earlier launch is taken for that of the present one. */
const acceptOldExit: Mutant = (stage) => ({
  bends: {
    journal: (entry, holder) => {
      const { generation, session } = holder.order
      if (generation === 1 || entry.n !== 2) return entry
      const old = stage.world.holders.find(({ order }) => order.session === session && order.generation === generation - 1)
      const exit = old?.journal.find(({ event }) => event.type === "exited")
      return exit === undefined ? entry : { ...exit, n: entry.n }
    }
  }
})

/** Whoever comes back to a holder is told everything but the newest. */
const loseLastEntry: Mutant = (stage) => ({
  bends: {
    journal: (entry, holder) =>
      stage.daemons.length > 1 && entry.n === holder.journal.length && entry.event.type === "cleared" ? null : entry
  }
})

/** Now and then a follower misses a fact. */
const skipWhileFollowing: Mutant = () => ({
  bendReader: (reader) => ({
    ...reader,
    follow: (from) => Stream.filter(reader.follow(from), ({ position }) => position % 17 !== 0)
  })
})

/** The fingerprint of the state before the fact. */
const wrongFingerprint: Mutant = () => ({
  bendAppend: (decision, append) =>
    append({
      ...decision,
      facts: decision.facts.map((fact) => ({ ...fact, stateHash: fact.stateHash.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) }))
    })
})

/** Sweeping is believed to have happened. */
const sweepNothing: Mutant = () => ({
  bendRuntime: (runtime) => ({ ...runtime, sweep: () => Effect.succeed({ swept: 0 }) })
})

/** An idempotency key is not kept with what it was used for. */
const forgetKeys: Mutant = () => ({
  bendAppend: ({ idempotency: _dropped, ...decision }, append) => append(decision)
})

/** Deadlines are measured on people's clock. */
const trustTheWall: Mutant = (stage) => ({
  bendBootMs: () => stage.world.clock.wallMs - 1_800_000_000_000
})

export const mutants: Readonly<Record<string, Mutant>> = {
  acknowledgeBeforeCommit,
  actBeforeAppend,
  dropDeadlinesOnRestart,
  relaunchAfterStop,
  acceptOldExit,
  loseLastEntry,
  skipWhileFollowing,
  wrongFingerprint,
  sweepNothing,
  forgetKeys,
  trustTheWall
}
