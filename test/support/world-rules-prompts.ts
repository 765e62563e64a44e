/** What must hold of every step of a prompt's life, by the log and by what the modelled agent has really seen. */
import { createHash } from "node:crypto"
import { isBusy } from "../../src/domain/activity.ts"
import type { Fact, FactOf, FactType } from "../../src/domain/facts.ts"
import { isUp } from "../../src/domain/session.ts"
import type { OpenPrompt } from "../../src/domain/session-context.ts"
import type { World } from "./world.ts"
import type { Holder } from "./world-holder.ts"
import type { Ledger } from "./world-ledger.ts"
import type { RecordedFact, Stream } from "./world-truth.ts"

export interface Case {
  readonly ledger: Ledger
  readonly world: World
  readonly stream: Stream
  readonly recorded: RecordedFact
  readonly where: () => string
}
export type Rules = { readonly [type in FactType]?: (one: Case) => void }

const factOf = <T extends Fact["type"]>({ recorded }: Case, _type: T) => recorded.fact as FactOf<T>
/** As it was before this fact. */
const promptOf = ({ recorded }: Case): OpenPrompt => {
  const { promptId } = recorded.fact as { readonly promptId: string }
  const found = recorded.before!.context.prompts.find(({ id }) => id === promptId)
  if (found === undefined) throw new Error(`${recorded.fact.type} of ${promptId}, which is not open`)
  return found
}
const holdersOf = ({ stream, world }: Case) => world.holders.filter(({ order }) => order.session === stream.id)
const presentHolder = ({ recorded, world }: Case): Holder | undefined => {
  const { nonce } = recorded.before!.context
  return nonce === "" ? undefined : world.holders.find(({ order }) => order.nonce === nonce)
}
const typedUnder = (holders: ReadonlyArray<Holder>, writeId: string | null) =>
  holders.flatMap(({ typed }) => typed).filter((entry) => entry.writeId === writeId)

export const promptRules: Rules = {
  PromptQueued: ({ ledger, recorded, where, world }) => {
    const { prompt } = recorded.fact as FactOf<"PromptQueued">
    ledger.check("P text kept", world.texts.has(prompt.hash), () => `${where()}: its text is nowhere`)
  },

  PromptClaimed: (one) => {
    const { ledger, recorded, where } = one
    const { activity, interrupt, prompts, stop } = recorded.before!.context
    const prompt = promptOf(one)
    const informed = activity.source !== "none"
    const others = prompts.filter(
      ({ id, stage }) => id !== prompt.id && (stage === "claimed" || stage === "written" || (stage === "submitted" && informed))
    )
    ledger.check("P one at a time", others.length === 0, () => `${where()} while ${others.map(({ id }) => id).join()} is on its way`)
    ledger.check("P not while stopping", stop === null, () => `${where()} during a stop`)
    ledger.check("P not while interrupted", interrupt === null, () => `${where()} during an interrupt`)
    const due = prompt.expires !== null && prompt.expires.bootMs <= recorded.moment.bootMs
    ledger.check("P not expired", !due, () => `${where()} after its time`)
    const inTurn = isBusy(activity.value) || prompts.some(({ stage }) => stage === "accepted")
    if (prompt.answers === undefined) {
      ledger.check("P no accidental answer", activity.value !== "waiting", () => `${where()} into a question`)
      if (prompt.deliver !== "now") ledger.check("P turn boundary", !inTurn, () => `${where()} into a turn`)
      if (prompt.deliver === "idle")
        ledger.check("P idle", activity.value === "idle", () => `${where()} while the agent is ${activity.value}`)
      const before = prompts.slice(0, prompts.indexOf(prompt)).find((other) => isRival(other, prompt, recorded.moment.bootMs))
      ledger.check("P first come", before === undefined, () => `${where()} before ${before?.id}`)
    } else
      ledger.check(
        "P answers the open question",
        activity.value === "waiting" && activity.asked?.id === prompt.answers,
        () => `${where()} for ${prompt.answers}, and ${activity.asked?.id} is open`
      )
    const earlier = one.stream.facts.filter(
      ({ fact }) => fact.type === "PromptClaimed" && fact.promptId === prompt.id && typedUnder(holdersOf(one), fact.writeId).length > 0
    ).length
    // The claim that is just recorded has typed nothing yet.
    ledger.check(
      "P resent once",
      earlier <= (prompt.onUncertain === "resend" ? 1 : 0),
      () => `${where()}: it was typed ${earlier} times before`
    )
  },

  PromptWritten: (one) => {
    const prompt = promptOf(one)
    const typed = typedUnder(holdersOf(one), prompt.writeId)
    one.ledger.check("P typed once", typed.length === 1, () => `${one.where()}: it was typed ${typed.length} times`)
    if (prompt.answers !== undefined || typed[0] === undefined) return
    const text = new TextDecoder().decode(typed[0].bytes).replace(/^\x15/, "")
    one.ledger.check("P whole", hashOf(text) === prompt.hash, () => `${one.where()}: ${JSON.stringify(text)} is not what was queued`)
  },

  PromptReleased: (one) => {
    const typed = typedUnder(holdersOf(one), promptOf(one).writeId)
    one.ledger.check("P not typed", typed.length === 0, () => `${one.where()}: it was typed all the same`)
  },

  PromptAccepted: (one) => {
    const prompt = promptOf(one)
    const mind = presentHolder(one)?.mind
    if (prompt.answers !== undefined || mind === null || mind === undefined) return
    const text = one.world.texts.get(prompt.hash)
    // The next turn may be that of an earlier prompt that was called uncertain, of this one with another text, or of an answer that came
    // too late to be one; where the wall clock was set, what came before a claim may look later.
    const own = one.stream.facts.filter(({ fact }) => "promptId" in fact && fact.promptId === prompt.id)
    const edited = own.findLastIndex(({ fact }) => fact.type === "PromptEdited")
    const stray =
      own.slice(0, edited + 1).some(({ fact }) => fact.type === "PromptUncertain") ||
      one.stream.facts.some(({ fact }) => isStray(fact) && "promptId" in fact && fact.promptId !== prompt.id)
    const beyondTelling = stray || one.world.clock.wallJumps > 0
    if (beyondTelling && factOf(one, "PromptAccepted").evidence.detail === "the agent began a turn") return
    one.ledger.check(
      "P accepted is seen",
      text !== undefined && mind.taken.includes(text),
      () => `${one.where()}: the agent has not taken it`
    )
  },

  PromptRejected: (one) => {
    const prompt = promptOf(one)
    if (factOf(one, "PromptRejected").code !== "not_accepted") return
    const mind = presentHolder(one)?.mind
    if (prompt.answers !== undefined || mind === null || mind === undefined) return
    const text = one.world.texts.get(prompt.hash)
    // A word that lies in the spool, or is on its way there, no daemon could have read.
    // Where the wall clock was set, what lay in it may have looked older than what was known.
    const from = one.world.clock.wallJumps > 0 ? 0 : (one.world.spoolRead.get(one.stream.id) ?? 0)
    const unread = one.world.spoolOf(one.stream.id).items.slice(from)
    if (unread.some(({ event }) => event === "UserPromptSubmit")) return
    one.ledger.check("P rejected is not taken", !mind.taken.includes(text ?? ""), () => `${one.where()}: the agent has taken it`)
  },

  PromptExpired: (one) => {
    const { answers, expires } = promptOf(one)
    const due = expires !== null && expires.bootMs <= one.recorded.moment.bootMs
    const closed = answers !== undefined && one.recorded.before!.context.activity.asked?.id !== answers
    const ending = answers !== undefined && one.stream.session.context.process === null
    one.ledger.check("P expires in time", due || closed || ending || answers !== undefined, () => `${one.where()} before its time`)
  },

  PromptUncertain: (one) => {
    const { resend } = factOf(one, "PromptUncertain")
    const { onUncertain, resent } = promptOf(one)
    one.ledger.check(
      "P resent by wish",
      !resend || (onUncertain === "resend" && !resent),
      () => `${one.where()}: nobody wished it sent again`
    )
  },

  StopRequested: (one) => {
    if (factOf(one, "StopRequested").outcome !== "reload" || !isUp(one.recorded.before!)) return
    const { activity, prompts } = one.recorded.before!.context
    const busy = isBusy(activity.value) || prompts.some(({ stage }) => stage !== "queued")
    one.ledger.check("P no reload in a turn", !busy, () => `${one.where()}: a reload during a turn`)
  },

  LaunchIntended: (one) => {
    const { conversation } = factOf(one, "LaunchIntended")
    const known = one.recorded.before!.context.conversation
    if (known === null || known.id === null || !known.begun || known.abandoned) return
    const goesOn = conversation?.kind === "resume" && conversation.id === known.id
    const gaveUp = one.stream.facts.some(
      ({ fact, row }) => fact.type === "ConversationAbandoned" && row.input_id === one.recorded.row.input_id
    )
    one.ledger.check("P same conversation", goesOn || gaveUp, () => `${one.where()} leaves ${known.id}`)
  },

  ActivityChanged: (one) => {
    const { activity, source } = factOf(one, "ActivityChanged")
    if (source !== "hook" && source !== "protocol") return
    const said = presentHolder(one)?.mind?.said
    one.ledger.check(
      "P told by this launch",
      said?.has(activity) === true,
      () => `${one.where()}: this launch's agent has never said ${activity}`
    )
  },

  PromptAnswered: (one) => {
    const prompt = promptOf(one)
    const mind = presentHolder(one)?.mind
    if (prompt.answers !== undefined || mind === null || mind === undefined || one.world.clock.wallJumps > 0) return
    // Typed twice at the asker's risk, it may be done twice.
    if (prompt.resent) return
    const text = one.world.texts.get(prompt.hash)
    one.ledger.check("P answered is done", mind.present !== text, () => `${one.where()}: the agent is still at it`)
  }
}

const isStray = (fact: Fact) =>
  fact.type === "PromptUncertain" ||
  fact.type === "PromptRejected" ||
  (fact.type === "PromptAccepted" && fact.evidence.detail === "the question is closed")

/** It could have gone at the same time, and was there before. */
const isRival = (other: OpenPrompt, { deliver }: OpenPrompt, bootMs: number) =>
  other.stage === "queued" &&
  !other.held &&
  other.answers === undefined &&
  other.deliver === deliver &&
  (other.expires === null || other.expires.bootMs > bootMs)

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex")
