/** What a session's agent says of itself in its output, brought to the session: each word once, also over restarts. */
import { Cause, Effect, Stream } from "effect"
import type { Report } from "../domain/inputs.ts"
import { makeProgramStatusReader, type Notification, programStatusReply, type Title } from "../domain/program-status.ts"
import { Output } from "../infra/output/output.ts"

export interface Listening {
  readonly session: string
  readonly generation: number
  /** Where the last word was heard, or where the launch began to print. */
  readonly from: number
  /** A program that asks before this place has been answered, or was given up on, by whoever listened then. */
  readonly answerFrom: number
  readonly tell: (report: Report) => void
  readonly reply: (bytes: Uint8Array) => Effect.Effect<void>
  /** Called with each title that differs from the one before; `titleKey` says which are the same, such as the frames of a spinner. */
  readonly titled?: (title: Title) => void
  readonly titleKey?: (title: string) => string
  readonly notified?: (notification: Notification) => void
}

/** Ends when it is interrupted. What it cannot read it does not guess: a hole in the output is a hole in what was heard. */
export const listen = Effect.fn("listen")(function* (listening: Listening) {
  const { answerFrom, from, generation, notified, reply, session, tell, titled, titleKey } = listening
  const output = yield* Output
  let read = makeProgramStatusReader(from, titleKey)
  yield* Stream.runForEach(output.scan(session, from), (chunk) => {
    if (chunk._tag === "Gap") {
      read = makeProgramStatusReader(chunk.to, titleKey)
      return Effect.void
    }
    const { notifications, queries, statuses, titles } = read(chunk.bytes)
    for (const { activity, offset, question } of statuses)
      tell({ type: "ActivityObserved", generation, activity, source: "osc", question, evidenceOffset: offset })
    if (titled !== undefined) for (const title of titles) titled(title)
    if (notified !== undefined) for (const notification of notifications) notified(notification)
    return queries.some((offset) => offset > answerFrom) ? reply(encoded) : Effect.void
  }).pipe(Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("listening ended", cause))))
})

const encoded = new TextEncoder().encode(programStatusReply)
