/** Checkpoints of a session's past: one in each run of so many facts, so that no moment of it is far from one. Disposable. */
import { Context, type Effect } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Database } from "./database.ts"
import type { Checkpoint, StoreFailure } from "./event-store.ts"
import type { MilestoneRow } from "./tables.ts"

export class Milestones extends Context.Service<
  Milestones,
  {
    /** The newest checkpoint of this format at or below `seq`. */
    readonly nearest: (stream: string, seq: number, format: number) => Effect.Effect<Checkpoint | null, StoreFailure>
    /** The newest fact that had happened by then, by its own time; null when none had. */
    readonly seqAt: (stream: string, wallMs: number) => Effect.Effect<number | null, StoreFailure>
    /** Those of a run that has one already are passed over. In the order of their seq. */
    readonly keep: (stream: string, checkpoints: ReadonlyArray<Checkpoint>) => Effect.Effect<void, StoreFailure>
  }
>()("reprise/infra/Milestones") {}

export interface MilestoneTable {
  readonly nearest: (stream: string, seq: number, format: number) => Checkpoint | undefined
  readonly seqAt: (stream: string, wallMs: number) => number | null
  readonly keep: (stream: string, checkpoint: Checkpoint) => void
}

type Named = Pick<MilestoneRow, "stream" | "block">

export const milestoneTable = (database: Database): MilestoneTable => {
  const nearest = database.statement<{ stream: string; seq: number; format: number; block: number }, Checkpoint>((tables, arg) =>
    tables
      .selectFrom("milestones")
      .select(["seq", "format", "state"])
      .where("stream", "=", arg("stream"))
      .where("block", "<=", arg("block"))
      .where("seq", "<=", arg("seq"))
      .where("format", "=", arg("format"))
      .orderBy("block", "desc")
      .limit(1)
  )
  const formatOf = database.statement<Named, { format: number }>((tables, arg) =>
    tables.selectFrom("milestones").select("format").where("stream", "=", arg("stream")).where("block", "=", arg("block"))
  )
  const put = database.statement<MilestoneRow, unknown>((tables, arg) =>
    tables.replaceInto("milestones").values({
      stream: arg("stream"),
      block: arg("block"),
      seq: arg("seq"),
      format: arg("format"),
      earliest_ms: arg("earliest_ms"),
      state: arg("state")
    })
  )
  const seqBefore = database.statement<Named, { seq: number }>((tables, arg) =>
    tables
      .selectFrom("milestones")
      .select("seq")
      .where("stream", "=", arg("stream"))
      .where("block", "<", arg("block"))
      .orderBy("block", "desc")
      .limit(1)
  )
  const earliest = database.statement<{ stream: string; after: number; to: number }, { at: number | null }>((tables, arg) =>
    tables
      .selectFrom("events")
      .select((eb) => eb.fn.min<number | null>("wall_ms").as("at"))
      .where("stream", "=", arg("stream"))
      .where("seq", ">", arg("after"))
      .where("seq", "<=", arg("to"))
  )
  const places = database.statement<{ stream: string }, Pick<MilestoneRow, "seq" | "earliest_ms">>((tables, arg) =>
    tables.selectFrom("milestones").select(["seq", "earliest_ms"]).where("stream", "=", arg("stream")).orderBy("block", "desc")
  )
  const newest = database.statement<{ stream: string; after: number; to: number; at: number }, { seq: number }>((tables, arg) =>
    tables
      .selectFrom("events")
      .select("seq")
      .where("stream", "=", arg("stream"))
      .where("seq", ">", arg("after"))
      .where("seq", "<=", arg("to"))
      .where("wall_ms", "<=", arg("at"))
      .orderBy("seq", "desc")
      .limit(1)
  )

  return {
    nearest: (stream, seq, format) => nearest.get({ stream, seq, format, block: blockOf(seq) }),
    /** From the newest run back: clocks are set back too, so the newest fact that is early enough may stand behind later ones. */
    seqAt: (stream, at) => {
      let to = Number.MAX_SAFE_INTEGER
      let earliestMs = Number.NEGATIVE_INFINITY
      for (const milestone of [...places.all({ stream }), { seq: 0, earliest_ms: 0 }]) {
        const found = earliestMs <= at ? newest.get({ stream, after: milestone.seq, to, at }) : undefined
        if (found !== undefined) return found.seq
        to = milestone.seq
        earliestMs = milestone.earliest_ms
      }
      return null
    },
    keep: (stream, { format, seq, state }) => {
      const block = blockOf(seq)
      if (formatOf.get({ stream, block })?.format === format) return
      // From the beginning of the run before: a milestone that is replaced there, by one of another format, may move within its run.
      const after = Math.min(seqBefore.get({ stream, block })?.seq ?? 0, (block - 1) * limits.factsPerMilestone - 1)
      put.run({ stream, block, seq, format, state, earliest_ms: earliest.get({ stream, after, to: seq })?.at ?? 0 })
    }
  }
}

const blockOf = (seq: number) => Math.floor(seq / limits.factsPerMilestone)
