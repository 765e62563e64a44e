/** What must have come about once nothing goes wrong any more: every launch settled, every stop done, every relaunch made, nothing left over. */
import { Effect } from "effect"
import { apply, canonical, fromCheckpoint, insideOf, lifeOf } from "../../src/domain/session.ts"
import { view } from "../../src/domain/view.ts"
import type { Daemon } from "../support/world-daemon.ts"
import type { Holder } from "../support/world-holder.ts"
import type { Stage } from "../support/world-stage.ts"
import type { Stream } from "../support/world-truth.ts"

export const judgeCalm = (stage: Stage, daemon: Daemon, poisoned: ReadonlySet<string>) => {
  const { ledger, truth, world } = stage
  ledger.check("I42 ready", daemon.ready, () => "the daemon never got ready")
  for (const stream of truth.streams.values()) {
    if (poisoned.has(stream.id)) continue
    const { context } = stream.session
    const inside = insideOf(stream.session)
    const living = world.holders.filter(({ order, processes }) => order.session === stream.id && processes > 0)
    const is = () => `${stream.id} is ${lifeOf(stream.session)}/${inside}`
    ledger.check("I26", !["preparing", "launching", "booting"].includes(inside), () => `${is()}: its launch never came to an end`)
    ledger.check("I27", context.stop === null && inside !== "reaping", () => `${is()}: its stop never came to an end`)
    ledger.check("I28", inside !== "backingOff" && !restsWithoutReason(stream), () => `${is()}: it was not brought back`)
    ledger.check(
      "I33",
      Object.values(context.deadlines).every(({ bootMs }) => bootMs > world.clock.bootMs - 61_000),
      () => `${is()}: ${JSON.stringify(context.deadlines)} are long due at ${world.clock.bootMs}`
    )
    const up = lifeOf(stream.session) === "streaming"
    ledger.check("I20 alive", living.length === (up ? 1 : 0), () => `${is()}, and ${living.length} launches of it live`)
    ledger.check(
      "I37 settled",
      context.pendingWrites.length === 0 || (up && living[0]?.script.reads === false),
      () => `${is()} waits for writes`
    )
    if (up && living[0] !== undefined && !world.hostile.has(stream.id)) judgeTalk(stage, stream, living[0])
    ledger.check("clients", context.clients.length === 0, () => `${is()}: ${context.clients.join()} are still attached`)
  }
}

/** Every prompt that could have come to its end has, and what is known of the agent is so. */
const judgeTalk = ({ ledger, world }: Stage, { id, session }: Stream, { mind, script }: Holder) => {
  const { activity, interrupt, prompts } = session.context
  if (script.reads) {
    const isDue = (at: { readonly bootMs: number } | null) => at === null || at.bootMs <= world.clock.bootMs
    const under = prompts.filter(
      ({ acceptBy, stage }) => stage === "claimed" || stage === "written" || (stage === "submitted" && isDue(acceptBy))
    )
    ledger.check("P settled", under.length === 0, () => `${id}: ${under.map((prompt) => `${prompt.id} is ${prompt.stage}`).join()}`)
    const late = activity.value === "idle" ? prompts.filter(({ stage }) => stage === "queued") : []
    ledger.check("P delivered", late.length === 0, () => `${id} is idle, and ${late.map((prompt) => prompt.id).join()} wait`)
  }
  ledger.check("P interrupt settled", interrupt === null, () => `${id} waits for the end of an interrupted turn`)
  // Hooks that lay in a spool differ from old ones by the wall clock.
  if (mind === null || mind.isSulking || world.clock.wallJumps > 0) return
  ledger.check("P activity", activity.value === mind.state, () => `${id} is called ${activity.value}, and is ${mind.state}`)
}

/** It should run, and no answer said why it does not. */
const restsWithoutReason = ({ facts, session }: Stream): boolean => {
  if (insideOf(session) !== "resting" || session.context.exit === null) return false
  const { exit, spec } = session.context
  if (spec.keepalive.mode === "never" || exit.cause.type === "stopped") return false
  if (spec.keepalive.mode === "on_crash" && exit.cause.type === "clean") return false
  return (
    facts.findLast(({ fact }) => ["RelaunchCancelled", "GenerationEnded", "SessionUnarchived"].includes(fact.type))?.fact.type ===
    "GenerationEnded"
  )
}

export const judgeEmptiness = async (stage: Stage, daemon: Daemon, poisoned: ReadonlySet<string>) => {
  const { ledger, truth, world } = stage
  for (const stream of truth.streams.values()) {
    if (poisoned.has(stream.id)) continue
    ledger.check(
      "I27 terminated",
      lifeOf(stream.session) === "terminated",
      () => `${stream.id} is ${lifeOf(stream.session)} after its termination`
    )
  }
  const ours = (session: string) => !poisoned.has(session)
  ledger.check("I39 processes", !world.livingProcesses.some(({ order }) => ours(order.session)), () => "processes are left")
  const left = [...world.launches.values()].filter(({ order }) => ours(order.session))
  ledger.check("I39 launches", left.length === 0, () => `${left.map(({ order }) => `${order.session}/g${order.generation}`)} are left`)
  ledger.check("I39 requests", daemon.waiting === 0, () => `${daemon.waiting} requests were never answered`)
  const asked = daemon.ask(
    Effect.all({
      resident: daemon.sessions.resident,
      quarantined: daemon.reader.quarantined,
      rows: daemon.reader.list({ limit: 100 }),
      checkpoints: Effect.forEach([...truth.streams.keys()], (id) =>
        Effect.map(daemon.store.checkpoint(id), (checkpoint) => ({ id, checkpoint }))
      )
    })
  )
  await world.clock.settle()
  if (asked.exit?._tag !== "Success") return ledger.check("I39", false, () => "the daemon does not answer")
  const { checkpoints, quarantined, resident, rows } = asked.exit.value
  ledger.check("I39 residents", resident === 0, () => `${resident} actors are left in memory`)
  const set = quarantined.map(({ stream }) => stream)
  ledger.check(
    "I41",
    set.every((id) => poisoned.has(id)),
    () => `${set.join()} are quarantined, ${[...poisoned].join()} should be`
  )
  if (poisoned.size > 0) ledger.check("I10", truth.streams.size > poisoned.size, () => "nobody was left to go on")
  for (const row of rows) {
    const stream = truth.streams.get(row.id)
    if (stream === undefined || poisoned.has(row.id)) continue
    ledger.check(
      "I12",
      JSON.stringify(row.view) === JSON.stringify(view(stream.session, stream.seq)),
      () => `the row of ${row.id} is not its fold`
    )
  }
  for (const { checkpoint, id } of checkpoints) {
    const stream = truth.streams.get(id)
    if (checkpoint === null || stream === undefined || poisoned.has(id)) continue
    const tail = stream.facts.filter(({ row }) => row.seq > checkpoint.seq)
    const folded = tail.reduce((session, { fact }) => apply(session, fact)[0], fromCheckpoint(checkpoint.state))
    ledger.check("I6 checkpoint", canonical(folded) === canonical(stream.session), () => `the checkpoint of ${id} folds to another state`)
  }
}
