/** A `kill` or `terminate` of a session at rest looks again: what its launches left may have been started after they were swept. */
import { Effect } from "effect"
import type { Command } from "../domain/inputs.ts"
import type { SessionView } from "../domain/view.ts"
import { EventReader } from "../infra/log/event-store.ts"
import { type LaunchRef, Runtime } from "../infra/runtimes/runtime.ts"

/** How many processes were found and ended. Launches of a later generation than the view's are another command's. */
export const sweepAgain = Effect.fn("sweepAgain")(function* ({ generation, id }: SessionView) {
  const runtime = yield* Runtime
  const living = yield* runtime.outlived(yield* launchesOf(id, generation))
  const ends = yield* Effect.forEach(living, (launch) => runtime.sweep(launch, null))
  return ends.reduce((all, { swept }) => all + swept, 0)
})

export const looksAgain = ({ type }: Command): boolean => type === "Kill" || type === "Terminate"

const pageSize = 500

const launchesOf = Effect.fnUntraced(function* (session: string, upTo: number) {
  const reader = yield* EventReader
  const launches: Array<LaunchRef> = []
  for (let after = 0; ; ) {
    const page = yield* reader.ofType(session, "LaunchIntended", { after, limit: pageSize })
    for (const { data } of page) {
      const { generation, nonce } = data as { readonly generation?: unknown; readonly nonce?: unknown }
      if (typeof generation === "number" && generation <= upTo && typeof nonce === "string") launches.push({ session, generation, nonce })
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return launches
    after = last.seq
  }
})
