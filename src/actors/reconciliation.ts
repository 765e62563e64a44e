/** Taking a session up where an earlier daemon left it: what its state obliges and no daemon has done is done now. */
import { Deferred, Effect } from "effect"
import { insideOf, lifeOf } from "../domain/session.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { report } from "./letter.ts"
import type { SessionActor } from "./session-actor.ts"

/** What became of it. `failed`: its holder lives and cannot be reached; it is left running, and shown. */
export type Outcome = "adopted" | "exited" | "lost" | "rebooted" | "respawned" | "resting" | "failed"

export const reconcile = Effect.fn("reconcile")(function* (actor: SessionActor): Effect.fn.Return<Outcome, never, BootClock> {
  const clock = yield* BootClock
  const { clients, bootId, executable, generation, nonce, updatedAt } = actor.session().context
  // A client that was attached to the earlier daemon is not attached to this one.
  for (const client of clients) actor.mailbox.post(report({ type: "Detach", by: "reprise", client, typedBytes: 0 }))

  const life = lifeOf(actor.session())
  const inside = insideOf(actor.session())
  if (bootId !== clock.bootId) yield* told(actor, report({ type: "HostRebooted" }))
  if (bootId !== "" && bootId !== clock.bootId) {
    if (inside === "preparing") yield* actor.hands.perform({ type: "Prepare", generation }, null)
    return "rebooted"
  }
  if (life === "ended" || life === "terminated") return "resting"
  if (inside === "preparing") {
    yield* actor.hands.perform({ type: "Prepare", generation }, null)
    return "respawned"
  }
  if (inside === "launching") {
    // The launch directory is the mutex: what was launched already is adopted, what was not is launched now.
    yield* actor.hands.perform({ type: "Spawn", generation, nonce, executable }, null)
    return "respawned"
  }
  const found = yield* actor.hands.attend(updatedAt)
  if (found === "connected") return "adopted"
  if (found === "unreachable") return "failed"
  // Behind everything that the remains of the holder report.
  yield* told(actor, report({ type: "DeadlineReached" }))
  return lifeOf(actor.session()) === "ended" || actor.session().context.generation > generation ? "exited" : "lost"
})

const told = (actor: SessionActor, letter: ReturnType<typeof report>) =>
  Effect.sync(() => actor.mailbox.post(letter)).pipe(Effect.andThen(Effect.ignore(Deferred.await(letter.reply))))
