/** Traces as files hold them, and traces that were changed and sealed again. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { TraceFact, TraceLine, TraceStep } from "../../src/domain/trace/format.ts"
import { makeSealer } from "../../src/domain/trace/seal.ts"
import { stateHash } from "../../src/infra/log/state-hash.ts"
import { traces } from "./recorder.ts"

export type { TraceFact, TraceLine, TraceStep }

export interface Recording {
  readonly name: string
  readonly title: string
  readonly bytes: Buffer
  readonly lines: ReadonlyArray<TraceLine>
  readonly steps: ReadonlyArray<TraceStep>
}

export const recordings = (): ReadonlyArray<Recording> =>
  readdirSync(traces).map((name) => {
    const bytes = readFileSync(join(traces, name))
    const lines = linesOf(bytes)
    const steps = lines.filter((line) => line.type === "step")
    return { name: name.replace(".jsonl", ""), title: (lines[0] as { title: string }).title, bytes, lines, steps }
  })

export const linesOf = (bytes: Buffer): ReadonlyArray<TraceLine> =>
  bytes
    .toString()
    .trimEnd()
    .split("\n")
    .map((text) => {
      const { digest: _, ...line } = JSON.parse(text)
      return line as TraceLine
    })

export const sealed = (lines: ReadonlyArray<TraceLine>): Buffer => Buffer.from(lines.map(makeSealer(stateHash)).join(""))

/** With the change of one step, as a copy. */
export const edited = (lines: ReadonlyArray<TraceLine>, index: number, edit: (step: Editable) => void): Buffer => {
  const copy = structuredClone(lines) as Array<TraceLine>
  edit(copy[index] as unknown as Editable)
  return sealed(copy)
}

/** A step to write into. */
export interface Editable {
  input: Record<string, unknown>
  facts: Array<{ seq: number; type: string; wallMs: number; data: Record<string, unknown>; stateHash: string }>
  effects: Array<Record<string, unknown>> | null
  state: { value?: unknown; context: Record<string, unknown> } | null
}

export const isStep = (line: TraceLine): line is TraceStep => line.type === "step"
