/** Decides whether a reader of a session's output is so far behind that what it reads says nothing of now. */
import { Clock, Effect } from "effect"
import { limits } from "../domain/limits.ts"
import { Output } from "../infra/output/output.ts"

/** Bytes that the reader is behind, once it has been behind for a while; null while what it reads is fresh. */
export type Lateness = (to: number) => Effect.Effect<number | null>

export const makeLateness = Effect.fnUntraced(function* (session: string) {
  const output = yield* Output
  let lookedAt = Number.NEGATIVE_INFINITY
  let lateSince: number | null = null
  let behind = 0
  const look: Lateness = Effect.fnUntraced(function* (to) {
    const now = yield* Clock.currentTimeMillis
    if (now - lookedAt >= limits.listeningLookMs) {
      lookedAt = now
      behind = Math.max(0, (yield* output.end(session)) - to)
      if (behind <= limits.listeningBehindBytes) lateSince = null
      else lateSince ??= now
    }
    return lateSince !== null && now - lateSince >= limits.listeningBehindMs ? behind : null
  })
  return look
})
