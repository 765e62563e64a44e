/** Records what the real daemon decided in real runs, as any client would: asked over HTTP, one trace a session. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { TestDaemon } from "./daemon.ts"

export const traces = join(import.meta.dirname, "..", "traces")

export const traceOf = async (daemon: TestDaemon, session: string, query = ""): Promise<string> =>
  (await daemon.done("GET", `/v1/sessions/${session}/trace${query}`)) as string

export const pin = async (daemon: TestDaemon, session: string, name: string, title: string) => {
  mkdirSync(traces, { recursive: true })
  writeFileSync(join(traces, `${name}.jsonl`), await traceOf(daemon, session, `?title=${encodeURIComponent(title)}`))
}
