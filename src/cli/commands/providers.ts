/** `reprise providers`: the agents that the daemon knows, which of them are installed, and what each can do. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import type { ProviderView } from "../../http/contract/providers.ts"
import type { Setting } from "../root.ts"
import { print, printJson, say } from "../stdio.ts"
import { oneLine } from "../text/sanitise.ts"
import { type Cell, type Column, table } from "../text/table.ts"
import { withDaemon } from "../with-daemon.ts"

export const providers = Command.make("providers", {}, () =>
  withDaemon((daemon, setting) =>
    Effect.gen(function* () {
      const found = yield* daemon.ask(daemon.client.providers.list({}))
      if (setting.json) return yield* printJson(found)
      yield* print(...tableOf(found.data, setting))
      yield* say(...found.problems.map(({ field, file, message }) => oneLine(`providers/${file} is not taken: ${field}: ${message}`)))
    })
  )
).pipe(Command.withDescription("List the agents that can be run, and which are installed"))

const columns: ReadonlyArray<Column> = [
  { title: "ID" },
  { title: "AGENT", shrinkTo: 8 },
  { title: "VERSION" },
  { title: "CONFIRMED" },
  { title: "CAN", shrinkTo: 12 },
  { title: "PROGRAM", shrinkTo: 12 }
]

const tableOf = (providers: ReadonlyArray<ProviderView>, { paint, width }: Setting): ReadonlyArray<string> => {
  const row = ({ capabilities, command, confirmed, id, install, installed, title }: ProviderView): ReadonlyArray<Cell> => [
    { text: id, paint: paint.bold },
    { text: oneLine(title) },
    { text: command === null ? "-" : installed === null ? "not installed" : (installed.version ?? "unknown") },
    installed === null || confirmed.length === 0
      ? { text: "-" }
      : { text: installed.confirmed ? "yes" : "no", paint: installed.confirmed ? paint.green : paint.yellow },
    { text: can(capabilities) },
    { text: installed?.path ?? oneLine(install === null ? "-" : `install: ${install}`) }
  ]
  return table(columns, providers.map(row), { width, title: paint.dim })
}

const can = (capabilities: ProviderView["capabilities"]): string =>
  Object.entries(capabilities)
    .flatMap(([name, has]) => (has ? [name === "forkAtMessage" ? "fork-at-message" : name] : []))
    .join(" ") || "-"
