/** What must hold of every row and every fact, whichever daemon wrote it and whatever went wrong meanwhile. */
import { earliest } from "../../src/domain/decide/index.ts"
import type { FactOf } from "../../src/domain/facts.ts"
import { limits } from "../../src/domain/limits.ts"
import type { World } from "./world.ts"
import type { Holder } from "./world-holder.ts"
import type { Ledger } from "./world-ledger.ts"
import { type Case, promptRules } from "./world-rules-prompts.ts"
import { hashOf, type RecordedFact, type Row, type Stream } from "./world-truth.ts"

export const judgeRow = (ledger: Ledger, row: Row, before: Row | null, seqs: Map<string, number>) => {
  const seq = (seqs.get(row.stream) ?? 0) + 1
  seqs.set(row.stream, row.seq)
  ledger.check("I1 seq", row.seq === seq, () => `${row.stream} has ${row.seq} where ${seq} belongs`)
  ledger.check("I1 position", before === null || row.position > before.position, () => `position ${row.position} after ${before?.position}`)
  ledger.check("I8", before === null || row.writer_epoch >= before.writer_epoch, () => `epoch ${row.writer_epoch} wrote at ${row.position}`)
}

export const judgeFact = (ledger: Ledger, world: World, stream: Stream, recorded: RecordedFact) => {
  const { after, row } = recorded
  const where = () => `${stream.id}@${row.seq} ${row.type}`
  ledger.check("I6 hash", row.state_hash.toString("hex") === hashOf(after), () => `${where()} has the fingerprint of another state`)
  judgeDeadline(ledger, world, stream, recorded)
  const one: Case = { ledger, world, stream, recorded, where }
  rules[recorded.fact.type]?.(one)
  // What a liar says of its turns is believed: the rules about them hold for the others.
  if (!world.hostile.has(stream.id)) promptRules[recorded.fact.type]?.(one)
}

/** A decision on a passed deadline: due by the boot clock, armed in the state it fires in, and disarmed or moved by its facts. */
const judgeDeadline = (ledger: Ledger, world: World, stream: Stream, { before, first, input, moment }: RecordedFact) => {
  if (!first || input.type !== "DeadlineReached" || before === null) return
  const due = earliest(before.context.deadlines)
  ledger.check("I31", due !== null, () => `${stream.id} was told of a deadline that it has not`)
  if (due === null) return
  ledger.check(
    "I32",
    due.deadline.bootMs <= moment.bootMs && moment.bootMs <= world.clock.bootMs,
    () => `${stream.id}: ${due.name} came early`
  )
  const same = stream.facts.filter(
    (earlier) =>
      earlier.first &&
      earlier.input.type === "DeadlineReached" &&
      earlier.moment.bootId === moment.bootId &&
      earlier.before !== null &&
      earliest(earlier.before.context.deadlines)?.name === due.name &&
      earliest(earlier.before.context.deadlines)?.deadline.bootMs === due.deadline.bootMs &&
      earlier.before.context.generation === before.context.generation
  )
  ledger.check("I30", same.length === 1, () => `${stream.id}: ${due.name} due at ${due.deadline.bootMs} fired ${same.length} times`)
}

type Rule = (one: Case) => void

const earlier = ({ recorded, stream }: Case) => stream.facts.slice(0, stream.facts.indexOf(recorded))

/** A client said stop, and none has said resume since. */
const isStopped = (one: Case): boolean => {
  for (const { fact } of earlier(one).toReversed()) {
    if (fact.type === "ResumeRequested" || fact.type === "SessionCreated") return false
    if (fact.type === "RelaunchCancelled") return true
    if ((fact.type === "StopRequested" || fact.type === "StopEscalated") && fact.by !== "reprise") return true
  }
  return false
}
const staysDown: Rule = (one) => {
  const stopped = isStopped(one)
  one.ledger.check("I24", !stopped, () => `${one.where()} after a stop that nobody took back`)
  one.ledger.check("I25", !stopped, () => `${one.where()} after its relaunch was called off`)
}
const holderOf = ({ recorded, world }: Case) => {
  const nonce = recorded.before?.context.nonce ?? ""
  return nonce === "" ? undefined : world.holders.find(({ order }) => order.nonce === nonce)
}

/** A process that was asked to go was asked politely first, by its own holder where that could be reached at all. */
const judgePoliteness = (one: Case, holder: Holder | undefined) => {
  const { process, stop } = one.recorded.before!.context
  if (stop === null || process === null || holder === undefined) return
  const steps = holder.journal.flatMap(({ event }) => (event.type === "stop_step" ? [event.step] : []))
  const polite = stop.mode === "stop"
  if (polite) one.ledger.check("I22 polite", steps[0] !== "kill", () => `${one.where()}: killed at once, though it was only stopped`)
  const wasStopped = holder.truth?.signal === "SIGKILL" || holder.truth?.signal === "SIGHUP"
  if (!holder.hadTrouble && wasStopped)
    one.ledger.check("I22 ladder", steps.length > 0, () => `${one.where()}: swept, and its holder was there to do it`)
}

const rules: { readonly [type: string]: Rule } = {
  LaunchIntended: staysDown,
  RelaunchStarted: (one) => {
    staysDown(one)
    const { bootMs } = (one.recorded as RecordedFact & { readonly fact: FactOf<"RelaunchStarted"> }).fact
    let recent = 1
    for (const { fact } of earlier(one).toReversed()) {
      if (fact.type === "ResumeRequested" || fact.type === "ClockRebased") break
      if (fact.type === "RelaunchStarted" && fact.bootMs > bootMs - limits.relaunchWindowMs) recent += 1
    }
    one.ledger.check("I29 window", recent <= limits.relaunchesPerWindow, () => `${one.where()} is the ${recent}th in ten minutes`)
  },
  RelaunchScheduled: (one) => {
    staysDown(one)
    const { before, fact } = one.recorded as RecordedFact & { readonly fact: FactOf<"RelaunchScheduled"> }
    const { baseMs, capMs } = before!.context.spec.keepalive
    let spent = 1
    for (const { fact: before } of earlier(one).toReversed()) {
      if (before.type === "ResumeRequested" || before.type === "HealthConfirmed") break
      if (before.type === "RelaunchScheduled") spent += 1
    }
    const { maxAttempts } = one.recorded.before!.context.spec.keepalive
    one.ledger.check("I28 budget", spent <= maxAttempts, () => `${one.where()} is attempt ${spent} of ${maxAttempts}`)
    one.ledger.check(
      "I29 bounds",
      fact.delayMs >= baseMs && (fact.reason === "window" || fact.delayMs <= capMs),
      () => `${one.where()} waits ${fact.delayMs}`
    )
    const last = earlier(one).findLast(({ fact: other }) => other.type === "RelaunchScheduled")?.fact as
      | FactOf<"RelaunchScheduled">
      | undefined
    if (last === undefined || last.attempt !== fact.attempt - 1 || fact.reason === "window" || last.reason === "window") return
    one.ledger.check(
      "I29 grows",
      fact.delayMs - fact.jitterMs >= last.delayMs - last.jitterMs,
      () => `${one.where()} waits less than before`
    )
  },
  ProcessExited: (one) => {
    const { fact } = one.recorded as RecordedFact & { readonly fact: FactOf<"ProcessExited"> }
    const again = earlier(one).some(({ fact: other }) => other.type === "ProcessExited" && other.generation === fact.generation)
    one.ledger.check("I23 once", !again, () => `${one.where()} for the second time`)
    const holder = holderOf(one)
    const truth = holder?.truth
    one.ledger.check(
      "I35",
      holder === undefined || fact.offset === holder.offset,
      () => `${one.where()} at ${fact.offset}, its output ends at ${holder?.offset}`
    )
    one.ledger.check(
      "I23 exact",
      truth !== undefined && truth !== null && truth.code === fact.code && truth.signal === fact.signal,
      () => `${one.where()} says ${fact.code}/${fact.signal}, it was ${JSON.stringify(truth)}`
    )
  },
  GenerationEnded: (one) => {
    const { fact } = one.recorded as RecordedFact & { readonly fact: FactOf<"GenerationEnded"> }
    const again = earlier(one).some(({ fact: other }) => other.type === "GenerationEnded" && other.generation === fact.generation)
    one.ledger.check("I23 ended once", !again, () => `${one.where()} for the second time`)
    const holder = holderOf(one)
    judgePoliteness(one, holder)
    one.ledger.check("I22", (holder?.processes ?? 0) === 0, () => `${one.where()} while ${holder?.processes} of its processes live`)
  },
  InputWritten: (one) => {
    const { fact } = one.recorded as RecordedFact & { readonly fact: FactOf<"InputWritten"> }
    const typed = holderOf(one)?.typed.filter(({ writeId }) => writeId === fact.writeId).length
    one.ledger.check("I37 written", typed === 1, () => `${one.where()}: it was typed ${typed} times`)
  },
  InputFailed: (one) => {
    const { fact } = one.recorded as RecordedFact & { readonly fact: FactOf<"InputFailed"> }
    if (fact.code !== "not_written") return
    const typed = holderOf(one)?.typed.some(({ writeId }) => writeId === fact.writeId) === true
    one.ledger.check("I37 not written", !typed, () => `${one.where()}: it was typed all the same`)
  }
}
