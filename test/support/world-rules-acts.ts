/** What must hold at the instant a daemon touches the world: it was made true first, and it touches no process but its own. */

import type { Act, World } from "./world.ts"
import type { Holder } from "./world-holder.ts"
import type { Ledger } from "./world-ledger.ts"
import type { Truth } from "./world-truth.ts"

/** `truth` has just been looked at. `refusedStops`: sessions a stop of which the log could not take; it is carried out without a fact. */
export const judgeAct = (ledger: Ledger, world: World, truth: Truth, act: Act, refusedStops: ReadonlySet<string>) => {
  const { ref } = act
  const caused = causeOf(truth, act) || (act.type === "ladder" && refusedStops.has(ref.session))
  ledger.check("I5", caused, () => `${act.type} reached ${ref.session}/g${ref.generation} before its cause was durable`)
  if (act.type === "write") return judgeAnswer(ledger, truth, act)
  if (act.type !== "sweep") return
  const holder = world.holders.find(({ order }) => order.nonce === ref.nonce)
  const { process } = act
  ledger.check(
    "I21",
    process === null || (holder?.process?.pid === process.pid && holder.process.startTime === process.startTime),
    () => `a sweep of ${ref.session} aims at a stranger`
  )
}

const causeOf = (truth: Truth, act: Act): boolean => {
  const { generation, nonce, session } = act.ref
  switch (act.type) {
    case "launch":
    case "connect":
      return (
        truth.has(session, (fact) => fact.type === "LaunchIntended" && fact.nonce === nonce) ||
        // Remains of an ended launch are acknowledged by the daemon that finds them.
        truth.has(session, (fact) => fact.type === "GenerationEnded" && fact.generation === generation)
      )
    case "write":
      return truth.has(
        session,
        (fact) =>
          (fact.type === "InputAccepted" || fact.type === "PromptClaimed") &&
          fact.writeId === act.writeId.replace(/\.again$/, "") &&
          fact.generation === generation
      )
    case "ladder":
      return truth
        .facts(session)
        .some(
          ({ after, fact }) => (fact.type === "StopRequested" || fact.type === "StopEscalated") && after.context.generation === generation
        )
    case "resize":
      return truth
        .facts(session)
        .some(
          ({ fact }) =>
            (fact.type === "Resized" && fact.size.cols === act.size.cols && fact.size.rows === act.size.rows) ||
            (fact.type === "SessionCreated" && fact.spec.size.cols === act.size.cols && fact.spec.size.rows === act.size.rows)
        )
    case "sweep":
      return truth.has(session, (fact) => fact.type === "HolderLost" && fact.generation === generation)
    case "acknowledge":
    case "discard":
      return truth.has(session, (fact) => fact.type === "GenerationEnded" && fact.generation === generation)
  }
}

/** A process has come to be. */
export const judgeSpawn = (ledger: Ledger, world: World, truth: Truth, holder: Holder) => {
  const { generation, nonce, session } = holder.order
  const others = world.livingProcesses.filter((other) => other !== holder && other.order.session === session)
  ledger.check(
    "I19",
    others.length === 0,
    () => `${session} lives in g${generation} and in g${others.map(({ order }) => order.generation)}`
  )
  const { mind } = holder
  if (mind !== null)
    ledger.check(
      "P lease",
      !world.livingProcesses.some((other) => other !== holder && other.mind?.conversation === mind.conversation),
      () => `${session}/g${generation} goes on with ${mind.conversation.id}, and so does another`
    )
  ledger.check(
    "I20",
    truth.has(session, (fact) => fact.type === "LaunchIntended" && fact.nonce === nonce),
    () => `${session}/g${generation} lives, and the log never intended it`
  )
}

/** An answer is typed while its question is open, as far as the log knows. */
const judgeAnswer = (ledger: Ledger, truth: Truth, { ref, writeId }: Extract<Act, { readonly type: "write" }>) => {
  const stream = truth.streams.get(ref.session)
  const answering = stream?.session.context.prompts.find((prompt) => prompt.writeId === writeId)?.answers
  if (stream === undefined || answering === undefined) return
  const { asked, value } = stream.session.context.activity
  ledger.check(
    "P answer in time",
    value === "waiting" && asked?.id === answering,
    () => `${ref.session}: ${writeId} answers ${answering}, and ${value === "waiting" ? asked?.id : "none"} is open`
  )
}

/** What was typed into a terminal is what was accepted for it, in that order, each once. `from`: how much of it was judged before. */
export class TypingJudge {
  readonly #seen = new Map<Holder, { typed: number; input: number; prompt: number }>()

  judge(ledger: Ledger, truth: Truth, holder: Holder): void {
    const seen = this.#seen.get(holder) ?? { typed: 0, input: -1, prompt: -1 }
    if (holder.typed.length === seen.typed) return
    const accepted = truth
      .facts(holder.order.session)
      .flatMap(({ fact }) => (fact.type === "InputAccepted" || fact.type === "PromptClaimed" ? [fact] : []))
    for (const { bytes, writeId } of holder.typed.slice(seen.typed)) {
      if (writeId === null || writeId.endsWith(".again")) continue
      const next = accepted.findIndex((fact) => fact.writeId === writeId && (fact.type === "PromptClaimed" || fact.bytes === bytes.length))
      const kind = accepted[next]?.type === "PromptClaimed" ? "prompt" : "input"
      const inTurn = next > seen[kind]
      ledger.check("I37 order", inTurn, () => `${holder.order.session}: ${writeId} was typed out of turn, twice, or uncalled for`)
      if (inTurn) seen[kind] = next
    }
    seen.typed = holder.typed.length
    this.#seen.set(holder, seen)
  }
}
