/** Decisions as a session's actor would hand them to the log, and a directory of one's own to keep it in. */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { Decision, SessionRow } from "../../../src/infra/log/event-store.ts"

export const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-log-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A database path in a directory that goes with the test. */
export const logPath = Effect.map(directory, (path) => join(path, "log.db"))

/** In 2096: no key of a test is ever a week old by the machine's clock. */
const start = 4_000_000_000_000

export const rowOf = (id: string, seq: number, more: Partial<SessionRow> = {}): SessionRow => ({
  id,
  seq,
  state: "streaming",
  live: true,
  name: `session ${id}`,
  labels: {},
  createdAt: start,
  updatedAt: start + seq,
  view: { id, seq, state: "streaming", process: { pid: 4_711 } },
  ...more
})

/** `facts` facts on top of `expected`; the n-th input of a stream has the id `stream/n`. */
export const decision = (stream: string, expected: number, facts = 2, more: Partial<Decision> = {}): Decision => ({
  stream,
  expected,
  inputId: `${stream}/${expected + 1}`,
  input: expected === 0 ? { type: "Create" } : { type: "DeadlineReached" },
  actor: "api",
  moment: {
    wallMs: start + expected,
    bootMs: 5_000 + expected,
    bootId: "3f1c0c9e-boot",
    random: 0.25,
    nonce: "0123456789abcdef0123456789abcdef",
    offset: 0
  },
  generation: 1,
  facts: Array.from({ length: facts }, (_, index) => ({
    type: index === 0 ? "RelaunchStarted" : "Resized",
    schemaVersion: 1,
    wallMs: start + expected + index,
    data: { offset: 0, attempt: index, bootMs: 5_000 + expected, note: "as much as a fact of middling size says of itself" },
    stateHash: (expected + index + 1).toString(16).padStart(16, "0")
  })),
  row: rowOf(stream, expected + facts),
  ...more
})
