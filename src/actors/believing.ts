/** Decides which status marks of the output are the agent's own, and takes the word of a program back when that program is gone. */
import { Effect, FiberHandle } from "effect"
import type { Report } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import type { ProgramStatus } from "../domain/program-status.ts"
import { command } from "../domain/providers/command.ts"
import { agentOf } from "../domain/providers/index.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { Runtime } from "../infra/runtimes/runtime.ts"

interface Believing {
  readonly generation: number
  readonly context: () => SessionContext
  readonly tell: (report: Report) => void
}

/** `group`: the process group that had the terminal, where that is not the agent's own. */
export interface Speaker {
  readonly group: number | null
}

export interface Beliefs {
  /** Of marks that were read at once. Null: any file that is shown may hold the mark, so it says nothing. */
  readonly speakersOf: (statuses: ReadonlyArray<Pick<ProgramStatus, "nonce" | "offset">>) => Effect.Effect<ReadonlyArray<Speaker | null>>
  /** Whether no other process group has the terminal, as far as that can be known. */
  readonly isAgentsOwn: Effect.Effect<boolean>
}

/**
 * A mark counts with the secret of its launch. Without the secret it counts from a known agent, while the terminal is the agent's own.
 * The word of a process group that the agent began ends with that group.
 */
export const makeBelieving = Effect.fnUntraced(function* ({ context, generation, tell }: Believing) {
  const runtime = yield* Runtime
  const watch = yield* FiberHandle.make<void>()
  const foreground = Effect.suspend(() => {
    const { process } = context()
    return process === null ? Effect.succeed(null) : runtime.foreground(process)
  })
  const isAgentsOwn = Effect.map(foreground, (reader) => reader === null || reader.isOwn)

  /** `offset`: the end of the mark. A newer word of the output needs no taking back. */
  const untilGone = Effect.fnUntraced(function* (group: number, offset: number) {
    for (;;) {
      yield* Effect.sleep(limits.speakerLookMs)
      const { activity } = context()
      if ((activity.source !== "protocol" && activity.source !== "none") || (activity.evidenceOffset ?? 0) > offset) return
      if ((yield* foreground)?.group === group) continue
      return tell({ type: "ActivityObserved", generation, activity: "unknown", source: "protocol", question: null })
    }
  })

  const { evidenceOffset = 0, speaker } = context().activity
  // The group may have ended while no daemon looked.
  if (speaker !== undefined) yield* FiberHandle.run(watch, untilGone(speaker, evidenceOffset))

  const speakersOf: Beliefs["speakersOf"] = Effect.fnUntraced(function* (statuses) {
    const isCommand = agentOf(context()).id === command.id
    const hasSecret = (nonce: string | undefined) => nonce !== undefined && nonce === context().nonce
    const mayCount = statuses.map(({ nonce }) => hasSecret(nonce) || !isCommand)
    if (!mayCount.includes(true)) return statuses.map(() => null)
    const reader = yield* foreground
    const isOwn = reader === null || reader.isOwn
    const speakers = statuses.map(({ nonce }, index): Speaker | null => {
      if (mayCount[index] !== true) return null
      if (isOwn) return { group: null }
      return hasSecret(nonce) ? { group: reader.group } : null
    })
    const newest = speakers.findLastIndex((speaker) => speaker !== null)
    if (newest === -1) return speakers
    yield* isOwn ? FiberHandle.clear(watch) : FiberHandle.run(watch, untilGone(reader.group, statuses[newest]!.offset))
    return speakers
  })
  return { speakersOf, isAgentsOwn } satisfies Beliefs
})
