/** Whether a stop under way would have come to another rung than it was recorded at: the holder climbs by the ladder it was launched with. */
import type { SessionEffect } from "../effects.ts"
import type { Session } from "../session.ts"
import type { Spec } from "../spec.ts"
import type { TraceStep } from "./format.ts"

type Ladder = Spec["stop"]["ladder"]

/** Takes every step of a recording; `recorded` and `present` are the session under the policies of the recording and under others. */
export const makeLadderWatch = () => {
  /** When the polite ladder began; null while none is under way. */
  let begunMs: number | null = null
  /** The ladders that the holder of the present launch was given, and would have been given. */
  let then: Ladder = []
  let now: Ladder = []

  return {
    /** A sentence, where the holder would not have recorded this. */
    contradiction: (input: TraceStep["input"], recorded: Session | null, present: Session | null): string | null => {
      if (input.type === "Prepared") {
        then = recorded?.context.spec.stop.ladder ?? []
        now = present?.context.spec.stop.ladder ?? []
      }
      if (input.type !== "HolderReported" || begunMs === null) return null
      const { event, wallMs } = input.entry
      const afterMs = wallMs - begunMs
      const other = now.findIndex((rung, index) => {
        const [recordedMs, presentMs] = [waitedMs(then, index), waitedMs(now, index)]
        if (presentMs < recordedMs) return presentMs < afterMs
        return presentMs > recordedMs && event.type === "stop_step" && event.step === rung.step
      })
      if (event.type === "exited") begunMs = null
      return other === -1
        ? null
        : `its ladder would have come to ${now[other]!.step} after ${waitedMs(now, other)} ms, not ${waitedMs(then, other)} ms`
    },
    see: (step: TraceStep, effects: ReadonlyArray<SessionEffect>) => {
      const ladder = effects.find(({ type }) => type === "RunLadder")
      if (ladder !== undefined) begunMs = "mode" in ladder && ladder.mode === "stop" ? (begunMs ?? step.moment.wallMs) : null
      if (step.facts.some(({ type }) => type === "GenerationEnded")) begunMs = null
    }
  }
}

const waitedMs = (ladder: Ladder, index: number) =>
  ladder.slice(0, index).reduce((sum, rung) => sum + (rung.step === "kill" ? 0 : rung.waitMs), 0)
