/** What people ask of a session, in short: creates with defaults, commands by name, and the client that asks. */
import type { Asking } from "../../src/actors/sessions.ts"
import type { Command } from "../../src/domain/inputs.ts"
import type { CreateRequest } from "../../src/domain/spec.ts"
import { terminalLadder } from "../../src/domain/spec.ts"

export const keepalive = { mode: "always", baseMs: 3_000, factor: 2, capMs: 300_000, maxAttempts: 3, healthyAfterMs: 60_000 } as const
export const never = { ...keepalive, mode: "never" } as const

export const create = (more: Partial<CreateRequest> = {}): CreateRequest => ({
  provider: "command",
  command: ["agent"],
  args: [],
  cwd: "/",
  env: {},
  labels: {},
  size: { cols: 80, rows: 24 },
  runtime: "pty",
  keepalive,
  stop: { ladder: terminalLadder },
  readyTimeoutMs: 30_000,
  trustFolder: false,
  ...more
})

export const ada: Asking = { by: "ada" }
export const keyed = (key: string, requestHash = key): Asking => ({ by: "ada", idempotency: { scope: "test", key, requestHash } })

export const stop: Command = { type: "Stop", by: "ada", reason: "enough" }
export const kill: Command = { type: "Kill", by: "ada", reason: "now" }
export const terminate: Command = { type: "Terminate", by: "ada", reason: "over" }
export const resume: Command = { type: "Resume", by: "ada" }
export const resize = (cols: number): Command => ({ type: "Resize", by: "ada", size: { cols, rows: 24 } })
export const rename = (name: string): Command => ({ type: "Patch", by: "ada", changes: { name } })
