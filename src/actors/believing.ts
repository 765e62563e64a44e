/** Which words of an agent's output are its own, and until when: anything may print a status mark, a file that is shown too. */
import { Effect, FiberHandle } from "effect"
import { limits } from "../domain/limits.ts"
import type { ProgramStatus } from "../domain/program-status.ts"
import { command } from "../domain/providers/command.ts"
import { agentOf } from "../domain/providers/index.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { Runtime } from "../infra/runtimes/runtime.ts"
import type { Tell } from "./letter.ts"

interface Believing {
  readonly generation: number
  readonly context: () => SessionContext
  readonly tell: Tell
}

/**
 * A mark counts with the secret of its launch. Without it, it counts from an agent that is known to speak so, while the terminal is the
 * agent's own. What a process group said that the agent's shell began is `unknown` once that group has the terminal no more.
 */
export const makeBelieving = Effect.fnUntraced(function* ({ context, generation, tell }: Believing) {
  const runtime = yield* Runtime
  const standing = yield* FiberHandle.make<void>()
  const foreground = Effect.suspend(() => {
    const { process } = context()
    return process === null ? Effect.succeed(null) : runtime.foreground(process)
  })
  const untilGone = (group: number, offset: number): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* Effect.sleep(limits.speakerLookMs)
      const now = yield* foreground
      const { activity } = context()
      if (activity.source === "protocol" && (activity.evidenceOffset ?? 0) > offset) return
      if (now?.group === group) return yield* untilGone(group, offset)
      tell({ type: "ActivityObserved", generation, activity: "unknown", source: "protocol", question: null })
    })
  return Effect.fnUntraced(function* ({ nonce, offset }: ProgramStatus) {
    const hasSecret = nonce !== undefined && nonce === context().nonce
    if (!hasSecret && agentOf(context()).id === command.id) return false
    const reader = yield* foreground
    if (reader === null || reader.isOwn) {
      yield* FiberHandle.clear(standing)
      return true
    }
    if (hasSecret) yield* FiberHandle.run(standing, untilGone(reader.group, offset))
    return hasSecret
  })
})
