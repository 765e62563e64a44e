/** What is learnt of an agent beside what it is doing: its conversation, how its turns end, what it used, what keeps it from working. */

import { isBusy } from "../activity.ts"
import type { Command, Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { isUp, lifeOf, mayRun } from "../session.ts"
import { outweighs } from "./activity.ts"
import { parentOf } from "./conversation.ts"
import { isTurnOf, turnEnded, unheardTurn } from "./prompt-fates.ts"
import { fact, nothing, type Policies, type Policy } from "./verdict.ts"

type EvidenceReport = Extract<
  Report,
  {
    readonly type:
      | "ConversationObserved"
      | "TurnObserved"
      | "TranscriptAdvanced"
      | "TranscriptRefused"
      | "BlockObserved"
      | "MessageNotKnown"
  }
>
type EvidenceInput = EvidenceReport | Extract<Command, { readonly type: "ReportState" }>

const ofThisGeneration =
  <T extends EvidenceReport["type"]>(policy: Policy<T>): Policy<T> =>
  (situation, report) => {
    if ((report as { readonly generation: number }).generation !== situation.context.generation) return nothing("stale_generation")
    return mayRun(lifeOf(situation.session)) ? policy(situation, report) : nothing("not_now")
  }

export const evidence: Policies<EvidenceInput> = {
  ConversationObserved: ofThisGeneration((situation, { elsewhere, generation, heldBy, id, source, transcript }) => {
    const { claimed, conversation: known } = situation.context
    if (id === parentOf(situation.context)) return nothing("not_now")
    if (heldBy !== undefined && known?.id !== id)
      return claimed?.id === id && claimed.heldBy === heldBy
        ? nothing("repeated")
        : [fact("ConversationRefused", situation, { generation, id, heldBy, source })]
    return known !== null && known.id === id && (transcript === null || known.transcript === transcript)
      ? nothing("unchanged")
      : [fact("ConversationKnown", situation, { generation, id, transcript, ...(elsewhere ? { elsewhere } : {}), source })]
  }),
  TurnObserved: ofThisGeneration((situation, observed) => {
    const { generation, observedAt, outcome, detail, source } = observed
    const { context, now } = situation
    if (!isUp(situation.session)) return nothing("not_now")
    // A transcript is read after the fact: what it reports may be of the turn before.
    if (outweighs(context, source, now.wallMs)) return nothing("weaker_evidence")
    const isKnown = (context.heard?.ended ?? 0) === (context.heard?.turns ?? 0)
    const accepted = context.prompts.some((prompt) => isTurnOf(situation, prompt, observedAt))
    const unheard = accepted ? null : unheardTurn(situation, observed)
    if (unheard !== null) return unheard
    if (!accepted && (isKnown || !isBusy(context.activity.value))) return nothing("repeated")
    return [fact("TurnEnded", situation, { generation, outcome, detail, source }), ...turnEnded(situation, observed)]
  }),
  TranscriptAdvanced: ofThisGeneration((situation, { restarted, type: _, ...read }) => {
    const known = situation.context.transcript
    if (!restarted && known?.path === read.path && known.offset !== read.from) return nothing("repeated")
    return [fact("TranscriptRead", situation, read)]
  }),
  TranscriptRefused: ofThisGeneration((situation, { code, generation, path }) => {
    const known = situation.context.unreadable
    return known?.path === path && known.code === code
      ? nothing("unchanged")
      : [fact("TranscriptUnreadable", situation, { generation, path, code })]
  }),
  BlockObserved: ofThisGeneration((situation, { type: _, ...blocked }) => {
    const known = situation.context.blocked
    return known?.cause === blocked.cause && known.until === blocked.until
      ? nothing("unchanged")
      : [fact("AgentBlocked", situation, blocked)]
  }),
  MessageNotKnown: ofThisGeneration((situation, { generation, kind, raw, source }) => {
    const { unknownKinds } = situation.context
    return unknownKinds.includes(kind) || unknownKinds.length >= limits.unknownKinds
      ? nothing("repeated")
      : [fact("MessageUnknown", situation, { generation, source, kind, raw: raw.slice(0, limits.unknownRawChars) })]
  }),
  ReportState: (situation, { by, report }) =>
    report.seq <= (situation.context.report?.seq ?? -1) ? nothing("repeated") : [fact("StateReported", situation, { report, by })]
}
