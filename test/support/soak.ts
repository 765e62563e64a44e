/** Agents that print numbered lines without end, and a daemon that is killed at random moments under them. */
import { assert } from "@effect/vitest"
import type { SessionView } from "../../src/domain/view.ts"
import { processesOf, TestDaemon, until } from "./daemon.ts"

/** Prints without forking: a line every few milliseconds, by waiting for input that never comes. */
export const counter = ["bash", "--norc", "-c", 'i=0; while :; do echo "line $i"; i=$((i+1)); read -rt 0.02 _; done']

export interface SoakReport {
  readonly kills: number
  readonly lines: number
  /** Milliseconds from the start of a daemon until its `/readyz` was green: median and worst. */
  readonly readyMs: { readonly median: number; readonly worst: number }
}

/** Fails with what was lost, doubled or changed. */
export const soak = async (options: {
  readonly sessions: number
  readonly kills: number
  readonly betweenMs: readonly [number, number]
}): Promise<SoakReport> => {
  await using daemon = await TestDaemon.started()
  const sessions: Array<SessionView> = []
  for (let n = 0; n < options.sessions; n++) sessions.push(await daemon.create(counter))
  const pids = new Map<string, number>()
  for (const { id } of sessions) pids.set(id, (await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")).process!.pid)

  const readyMs: Array<number> = []
  const [least, most] = options.betweenMs
  for (let kill = 0; kill < options.kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)))
    await daemon.kill("SIGKILL")
    const begun = performance.now()
    await daemon.start()
    readyMs.push(performance.now() - begun)
    const { body } = await daemon.ask("GET", "/readyz")
    assert.deepInclude((body as { recovery: object }).recovery, {
      expected: options.sessions,
      adopted: options.sessions,
      lost: 0,
      failed: 0
    })
  }

  let lines = 0
  for (const { id } of sessions) {
    const now = await daemon.session(id)
    assert.strictEqual(now.process?.pid, pids.get(id), `${id} has another process than it began with`)
    assert.strictEqual(now.generation, 1)
    assert.deepStrictEqual(processesOf(id), [pids.get(id)!])
    assert.deepStrictEqual(
      (await daemon.events(id)).map(({ seq }) => seq),
      Array.from({ length: now.seq }, (_, n) => n + 1)
    )
    lines += numbered(await daemon.output(id), id)
  }
  const positions = ((await daemon.done("GET", "/v1/events?after=0&limit=1000")) as { data: ReadonlyArray<{ position: number }> }).data.map(
    ({ position }) => position
  )
  assert.deepStrictEqual(
    positions,
    positions.toSorted((a, b) => a - b)
  )
  assert.strictEqual(new Set(positions).size, positions.length)
  for (const { id } of sessions) await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  for (const { id } of sessions) await daemon.reaches(id, "ended", ({ state }) => state === "ended")
  for (const { id } of sessions) await until(`${id} has no process`, () => processesOf(id).length === 0)
  const sorted = readyMs.toSorted((a, b) => a - b)
  return { kills: options.kills, lines, readyMs: { median: Math.round(sorted[sorted.length >> 1]!), worst: Math.round(sorted.at(-1)!) } }
}

/** 0, 1, 2, … without a hole or a repeat; how many. The last line may be under way. */
const numbered = (output: string, id: string): number => {
  const found = output.split("\r\n").slice(0, -1)
  for (const [index, line] of found.entries()) assert.strictEqual(line, `line ${index}`, `${id}: output lost or repeated`)
  assert.isAbove(found.length, 10, `${id} printed next to nothing`)
  return found.length
}
