/** What an agent is, as data: how it is known to be ready, how it is interrupted, how it is ended. */
import type { Keepalive, Rung } from "../spec.ts"

export interface Provider {
  readonly id: string
  readonly title: string
  /** What is launched when a create names no command; null: a create must name one. */
  readonly defaultCommand: readonly [string, ...ReadonlyArray<string>] | null
  /** Evidence that the agent takes input. The first that comes true counts; none within the time-out is a failed launch. */
  readonly ready: {
    readonly firstOutput: boolean
    /** Alive for so long counts as ready; null where only better evidence does. */
    readonly aliveMs: number | null
  }
  /**
   * How a prompt is typed: as a bracketed paste where the terminal's program asked for one, and Enter apart from it after a
   * pause, since several agents only insert what comes in one write.
   */
  readonly submit: { readonly bracketed: boolean; readonly enterAfterMs: number }
  /** The bytes a person would type to interrupt what it is doing. */
  readonly interrupt: string
  readonly ladder: ReadonlyArray<Rung>
  readonly keepalive: Keepalive
}
