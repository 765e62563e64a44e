/** Records what the real daemon decided in real runs: its log, read after it has gone, one trace a session. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { SessionId } from "../../src/domain/ids.ts"
import type { TraceHeader, TraceStep } from "../../src/domain/trace.ts"
import { layer } from "../../src/infra/log/event-log.ts"
import { EventReader } from "../../src/infra/log/event-store.ts"
import { InputReader } from "../../src/infra/log/inputs.ts"

/** The whole trace of one session in the log of `home`, whose daemon has ended. */
export const traceOf = (home: string, session: string, title: string): Promise<string> =>
  Effect.gen(function* () {
    const reader = yield* EventReader
    const inputs = yield* (yield* InputReader).stream(session, { after: 0, limit: 10_000 })
    const entries = yield* reader.stream(session, { after: 0, limit: 10_000 })
    const header: TraceHeader = { format: 1, session: SessionId.make(session), title, version: "0.1.0" }
    const steps = inputs.map(({ input, inputId, moment }) => ({
      input,
      moment,
      facts: entries
        .filter((entry) => entry.inputId === inputId)
        .map(({ data, schemaVersion, seq, stateHash, type, wallMs }) => ({ seq, type, schemaVersion, wallMs, data, stateHash }))
    })) as unknown as ReadonlyArray<TraceStep>
    return [header, ...steps].map((line) => `${JSON.stringify(line)}\n`).join("")
  }).pipe(Effect.provide(layer(join(home, "reprise.db"))), Effect.runPromise)

export const pin = async (home: string, session: string, name: string, title: string) =>
  writeFileSync(join(import.meta.dirname, "..", "traces", `${name}.jsonl`), await traceOf(home, session, title))
