/** What must hold at the instant a daemon touches the world: it was made true first, and it touches nobody but its own. */

import type { Act, World } from "./world.ts"
import type { Holder } from "./world-holder.ts"
import type { Ledger } from "./world-ledger.ts"
import type { Truth } from "./world-truth.ts"

/** `truth` has just been looked at. */
export const judgeAct = (ledger: Ledger, world: World, truth: Truth, act: Act) => {
  const { ref } = act
  const caused = causeOf(truth, act)
  ledger.check("I5", caused, () => `${act.type} reached ${ref.session}/g${ref.generation} before its cause was durable`)
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
        // Remains of an ended launch are acknowledged by whoever finds them.
        truth.has(session, (fact) => fact.type === "GenerationEnded" && fact.generation === generation)
      )
    case "write":
      return truth.has(session, (fact) => fact.type === "InputAccepted" && fact.writeId === act.writeId && fact.generation === generation)
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
  ledger.check(
    "I20",
    truth.has(session, (fact) => fact.type === "LaunchIntended" && fact.nonce === nonce),
    () => `${session}/g${generation} lives, and the log never intended it`
  )
}

/** What was typed into a terminal is what was accepted for it, in that order, each once. */
export const judgeTyping = (ledger: Ledger, truth: Truth, holder: Holder) => {
  const typed = holder.typed.flatMap(({ bytes, writeId }) => (writeId === null ? [] : [{ writeId, bytes: bytes.length }]))
  if (typed.length === 0) return
  const accepted = truth.facts(holder.order.session).flatMap(({ fact }) => (fact.type === "InputAccepted" ? [fact] : []))
  let place = -1
  for (const { bytes, writeId } of typed) {
    const next = accepted.findIndex((fact, index) => index > place && fact.writeId === writeId && fact.bytes === bytes)
    ledger.check("I37 order", next > place, () => `${holder.order.session}: ${writeId} was typed out of turn, twice, or uncalled for`)
    if (next > place) place = next
  }
}
