/** What hooks left behind while no daemon answered them: every whole call from a place on, then every call as it is left. */
import { Effect, Schema, Stream } from "effect"
import { HookCall } from "../../domain/hook-call.ts"
import { limits } from "../../domain/limits.ts"
import { tail } from "../evidence/tail.ts"

export interface Spooled {
  /** Where to go on. Calls before it are never given again, but by the hook that wrote them: their ids make repeats harmless. */
  readonly to: number
  readonly calls: ReadonlyArray<HookCall>
}

/** Never ends by itself: a hook may find no daemon at the moment before one begins to listen. `from`: 0, or an earlier `to`. */
export const followSpool = (path: string, from: number): Stream.Stream<Spooled> =>
  Stream.mapEffect(
    Stream.filter(
      Stream.tap(tail(path, from, { longestLine: limits.hookPayloadBytes * 2, rule: { ours: true } }), (tailed) =>
        tailed._tag === "Unreadable" ? Effect.logWarning("the spool cannot be read", path, tailed.code) : Effect.void
      ),
      (tailed) => tailed._tag !== "Unreadable"
    ),
    Effect.fnUntraced(function* (tailed) {
      if (tailed._tag === "Restarted") return { to: 0, calls: [] }
      if (tailed._tag === "Skipped") {
        yield* Effect.logWarning("a call in the spool is too long to be one", path, tailed.from)
        return { to: tailed.to, calls: [] }
      }
      const calls: Array<HookCall> = []
      const rubbish: Array<string> = []
      for (const line of tailed.lines) {
        if (line === "") continue
        const call = decoded(line)
        // A full disk tears a line.
        if (call._tag === "Some") calls.push(call.value)
        else rubbish.push(line)
      }
      if (rubbish.length > 0)
        yield* Effect.logWarning("lines in the spool are no calls").pipe(
          Effect.annotateLogs({ path, lines: rubbish.length, first: rubbish[0]!.slice(0, 200) })
        )
      return { to: tailed.to, calls }
    })
  )

const decoded = Schema.decodeUnknownOption(Schema.fromJsonString(HookCall))
