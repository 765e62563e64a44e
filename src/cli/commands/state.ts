/** `reprise state`: a session as it was at any fact or moment of its log. */
import { Effect, Option } from "effect"
import { Command } from "effect/cli"
import type { PastState } from "../../http/contract/travel.ts"
import { at, session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import type { Setting } from "../root.ts"
import { print, printJson } from "../stdio.ts"
import { eventLine } from "../text/event-line.ts"
import { oneLine } from "../text/sanitise.ts"
import { withDaemon } from "../with-daemon.ts"

export const state = Command.make("state", { session, at }, (flags) =>
  withDaemon((daemon, setting) =>
    Effect.gen(function* () {
      const found = yield* resolve(daemon, flags.session)
      const query = Option.match(flags.at, { onNone: () => ({}), onSome: (at) => ({ at }) })
      const past = yield* daemon.ask(daemon.client.travel.state({ params: { id: found.id }, query }))
      yield* setting.json ? printJson(past) : print(...lines(past, setting))
    })
  )
).pipe(
  Command.withDescription("Print a session's state as it was at any fact or time"),
  Command.withExamples([{ command: "reprise state demo --at 12" }, { command: "reprise state demo --at 2026-11-21T09:30:00Z" }])
)

const endOf = ({ cause, code, detail, signal }: NonNullable<PastState["view"]["exit"]>): string =>
  [cause, detail, signal ?? (code === null ? null : `code ${code}`)].filter((word) => word !== null).join(", ")

const lines = (past: PastState, { paint, width }: Setting): ReadonlyArray<string> => {
  const { view } = past
  const name = view.name === null ? "" : ` (${oneLine(view.name)})`
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["state", `${view.state}/${view.phase}${view.activity === null ? "" : `, ${view.activity}`}`],
    ["generation", String(view.generation)],
    ["process", view.process === null ? "none" : `pid ${view.process.pid}, since ${view.process.startedAt}`],
    ...(view.exit === null ? [] : [["last end", endOf(view.exit)] as const]),
    ...(view.stop === null ? [] : [["stop", `${view.stop.step}, by ${view.stop.by}: ${view.stop.reason}`] as const]),
    ...past.deadlines.map(({ at, inMs, name }) => ["due", `${name} at ${at} (${inMs} ms later)`] as const),
    ...past.prompts.map(({ bytes, deliver, id, stage }) => ["prompt", `${id}: ${stage}, ${bytes} bytes, ${deliver}`] as const),
    ...(view.notice === null ? [] : [["notice", view.notice] as const]),
    ["output", `${view.outputOffset} bytes`],
    ["hash", past.agrees ? past.stateHash : `${past.stateHash}, but the log says ${past.recordedHash}`]
  ]
  return [
    `${view.id}${name} after fact ${past.seq} of ${past.head}, ${past.at}`,
    eventLine(past.fact, { paint, session: false, width }),
    ...rows.map(([label, value]) => `${paint.dim(label.padEnd(11))} ${oneLine(value)}`)
  ]
}
