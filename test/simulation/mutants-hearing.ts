/** Defects in what is observed of agents and holders, and in how late it is. */
import { Effect, Stream } from "effect"
import { tokenOf } from "../support/world-evidence.ts"
import type { Mutants } from "./mutants.ts"

export const hearingMutants: Mutants = {
  /** The end of an earlier launch is taken for that of the present one. */
  acceptOldExit: (stage) => ({
    bends: {
      journal: (entry, holder) => {
        const { generation, session } = holder.order
        if (generation === 1 || entry.n !== 2) return entry
        const old = stage.world.holders.find(({ order }) => order.session === session && order.generation === generation - 1)
        const exit = old?.journal.find(({ event }) => event.type === "exited")
        return exit === undefined ? entry : { ...exit, n: entry.n }
      }
    }
  }),

  /** A daemon that comes back to a holder gets everything but the newest. */
  loseLastEntry: (stage) => ({
    bends: {
      journal: (entry, holder) =>
        stage.daemons.length > 1 && entry.n === holder.journal.length && entry.event.type === "cleared" ? null : entry
    }
  }),

  /** The last bytes before an exit are not counted. */
  skipLastOutput: () => ({
    bends: {
      journal: (entry) => (entry.event.type === "exited" ? { ...entry, offset: Math.max(0, entry.offset - 1) } : entry)
    }
  }),

  /** What an agent says at the end of its turns is overheard. */
  overhearTheEnd: () => ({
    bendOutput: (output) => ({
      ...output,
      scan: (session, from) =>
        Stream.filter(
          output.scan(session, from),
          (chunk) => chunk._tag !== "Bytes" || !new TextDecoder().decode(chunk.bytes).includes("state=done")
        )
    })
  }),

  /** A hook is thanked, and forgotten. */
  forgetHooks: () => ({ bendHook: (word) => (word.call.event === "Stop" ? null : word) }),

  /** A hook of an earlier launch speaks for the present one. */
  believeOldHooks: (stage) => ({
    bendHook: (word) => {
      const generation = stage.truth.streams.get(word.session)?.session.context.generation ?? word.call.generation
      return { ...word, token: tokenOf(word.session, generation), call: { ...word.call, generation } }
    }
  }),

  /** Deadlines are measured on people's clock. */
  trustTheWall: (stage) => ({ bendBootMs: () => stage.world.clock.wallMs - 1_800_000_000_000 }),

  /** The clock is ahead of its time. */
  hurry: (stage) => ({ bendBootMs: () => stage.world.clock.bootMs + 7_000 }),

  /** Every boot is the same. */
  overlookReboots: () => ({ bendClock: (clock) => ({ ...clock, bootId: "boot-1" }) }),

  /** Sweeping is believed to have happened. */
  sweepNothing: () => ({ bendRuntime: (runtime) => ({ ...runtime, sweep: () => Effect.succeed({ swept: 0 }) }) }),

  /** A sweep aims at the next process number. */
  sweepAnother: () => ({
    bendRuntime: (runtime) => ({
      ...runtime,
      sweep: (ref, process) => runtime.sweep(ref, process && { ...process, pid: process.pid + 1 })
    })
  }),

  /** A launch is looked for by anything but its nonce. */
  forgetTheNonce: () => ({
    bendRuntime: (runtime) => ({ ...runtime, sweep: (ref, process) => runtime.sweep({ ...ref, nonce: "" }, process) })
  }),

  /** Launch directories are never tidied up. */
  discardNothing: () => ({ bendRuntime: (runtime) => ({ ...runtime, discard: () => Effect.void }) })
}
