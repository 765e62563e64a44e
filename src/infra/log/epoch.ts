/** Writers have numbers: each start takes the next, and a writer that is not the newest writes nothing more, even if it slept meanwhile. */
import type { Database } from "./database.ts"
import { EpochFenced } from "./event-store.ts"

export interface Epoch {
  readonly number: number
  /** Called inside a transaction: throws `EpochFenced` when a newer writer has started. */
  readonly hold: () => void
  readonly isNewest: () => boolean
}

const name = "writer_epoch"

/** Takes the next number, durably; above `floor` too, where an old log was brought back beside holders that have seen a later writer. */
export const takeEpoch = (database: Database, floor = 0): Epoch => {
  const current = database.statement<object, { value: number | string }>((tables) =>
    tables.selectFrom("meta").select("value").where("name", "=", name)
  )
  const put = database.statement<{ value: number }, never>(
    (tables, arg) =>
      tables
        .insertInto("meta")
        .values({ name, value: arg("value") })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: arg("value") })) as never
  )
  const newest = () => Number(current.get({})?.value ?? 0)
  const ours = database.immediate(() => {
    const next = Math.max(newest(), floor) + 1
    put.run({ value: next })
    return next
  })
  return {
    number: ours,
    hold: () => {
      const now = newest()
      if (now !== ours) throw new EpochFenced({ ours, current: now })
    },
    isNewest: () => newest() === ours
  }
}
