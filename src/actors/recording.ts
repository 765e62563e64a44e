/** What a decision becomes in the log: its facts with their fingerprints, the list view's row, and now and then a checkpoint. */
import { type Accepted, earliest } from "../domain/decide/index.ts"
import { limits } from "../domain/limits.ts"
import { canonical, checkpointFormat, lifeOf, type Session, toCheckpoint } from "../domain/session.ts"
import type { Moment } from "../domain/time.ts"
import { encodeFact } from "../domain/upcast.ts"
import { isLive, type SessionView, view } from "../domain/view.ts"
import type { Decision, SessionRow } from "../infra/log/event-store.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import type { Asking } from "./sessions.ts"

export interface Recording {
  readonly id: string
  /** The stream's newest seq before this decision. */
  readonly seq: number
  /** The seq of its newest checkpoint. */
  readonly checkpointed: number
  readonly input: Decision["input"]
  readonly inputId: string
  readonly moment: Moment
  readonly asking: Asking | null
}

export const toDecision = (recording: Recording, accepted: Accepted): Decision => {
  const seq = recording.seq + accepted.steps.length
  const after = view(accepted.session, seq)
  return {
    stream: recording.id,
    expected: recording.seq,
    inputId: recording.inputId,
    input: recording.input,
    actor: recording.asking?.by ?? "reprise",
    moment: recording.moment,
    generation: accepted.session.context.generation,
    facts: accepted.steps.map(({ fact, session }) => ({ ...encodeFact(fact), stateHash: stateHash(canonical(session)) })),
    row: toRow(accepted.session, after),
    ...(seq - recording.checkpointed >= limits.factsPerCheckpoint
      ? { checkpoint: { seq, format: checkpointFormat, state: toCheckpoint(accepted.session) } }
      : {}),
    ...(recording.asking?.idempotency ? { idempotency: { ...recording.asking.idempotency, response: JSON.stringify(after) } } : {})
  }
}

export const toRow = (session: Session, after: SessionView): SessionRow => ({
  id: after.id,
  seq: after.seq,
  state: lifeOf(session),
  live: isLive(session),
  name: after.name,
  labels: after.labels,
  createdAt: session.context.createdAt,
  updatedAt: session.context.updatedAt,
  ...dueOf(session),
  view: after
})

const dueOf = ({ context }: Session): Pick<SessionRow, "due"> => {
  const next = earliest(context.deadlines)
  return next === null ? {} : { due: { bootId: context.bootId, bootMs: next.deadline.bootMs } }
}
