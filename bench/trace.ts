/** A long session's trace, decided again from its text on: parsed, unsealed, decided, applied, compared, fingerprinted. */
import { initialTransition, transition } from "xstate"
import { type Accepted, decide, decideCreate } from "../src/domain/decide/index.ts"
import { SessionId } from "../src/domain/ids.ts"
import type { HolderEvent, Input } from "../src/domain/inputs.ts"
import { machine } from "../src/domain/machine.ts"
import { apply, canonical, open, type Session } from "../src/domain/session.ts"
import { type Spec, terminalLadder } from "../src/domain/spec.ts"
import type { Moment } from "../src/domain/time.ts"
import { type TraceStep, traceFormat } from "../src/domain/trace/format.ts"
import { makeRecorder } from "../src/domain/trace/record.ts"
import { makeSealer } from "../src/domain/trace/seal.ts"
import { verify } from "../src/domain/trace/verify.ts"
import { encodeFact } from "../src/domain/upcast.ts"
import { stateHash } from "../src/infra/log/state-hash.ts"
import { type Figure, figure } from "./figure.ts"
import { interleaved, median } from "./samples.ts"
import type { Size } from "./size.ts"

export const benchTrace = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  const { decisions, text } = life(small ? 5_000 : 100_000)
  const facts = decisions.flatMap(({ steps }) => steps.map(({ fact }) => fact))
  const trace = Buffer.from(text)
  const verified = async () =>
    rate(facts.length, () => {
      const verdict = verify(trace, stateHash)
      if (verdict._tag !== "Same") throw new Error(JSON.stringify(verdict))
    })
  const [created, ...rest] = facts
  if (created?.type !== "SessionCreated") throw new Error("a life begins with its creation")
  const stepped = async () => rate(facts.length, () => void rest.reduce((session, fact) => apply(session, fact)[0], open(created)[0]))
  const xstate = async () =>
    rate(
      facts.length,
      () => void rest.reduce((snapshot, fact) => transition(machine, snapshot, fact)[0], initialTransition(machine, created)[0])
    )
  await Promise.all([verified(), stepped()])
  const samples: Array<number> = []
  for (let times = 0; times < (small ? 2 : 5); times++) samples.push(await verified())
  const folds = await interleaved(small ? 1 : 3, stepped, xstate)
  return [
    figure({
      ...{ name: `verifying a trace of ${facts.length} facts, ${(trace.length / 1e6).toFixed(0)} MB`, unit: "µs/fact", better: "less" },
      ours: 1e6 / median(samples),
      hold: { most: 200 },
      note: `${median(samples).toFixed(0)} facts/s; ${(median(samples) / median(folds.peer)).toFixed(2)} of what bare XState steps in the same run`
    }),
    figure({
      ...{ name: "stepping facts in memory", unit: "facts/s", better: "more" },
      ours: median(folds.ours),
      hold: { ratio: 1 },
      peer: { name: "xstate's transition()", value: median(folds.peer) }
    })
  ]
}

/** By processor time: the work waits for nothing, and other programs do not count. */
const rate = (count: number, run: () => void): number => {
  const begun = process.cpuUsage()
  run()
  const { system, user } = process.cpuUsage(begun)
  return count / ((system + user) / 1e6)
}

/** A session that is typed into and resized for as long as it takes. */
const life = (atLeast: number): { readonly decisions: ReadonlyArray<Accepted>; readonly text: string } => {
  const seal = makeSealer(stateHash)
  const record = makeRecorder(stateHash)
  const id = SessionId.make("s-000000000000")
  const decisions: Array<Accepted> = []
  const lines: Array<string> = [
    seal({
      ...{ type: "header", format: traceFormat, session: id, provider: "command", title: null, platform: process.platform },
      ...{ versions: { reprise: "0", node: process.version }, exportedAt: "", redactions: [] }
    })
  ]
  let now: Moment = {
    wallMs: 1_800_000_000_000,
    bootMs: 1_000,
    bootId: "boot",
    random: 0.5,
    nonce: "0123456789abcdef".repeat(2),
    offset: 0
  }
  let session: Session | null = null
  let seq = 0
  const keep = (input: TraceStep["input"], accepted: Accepted) => {
    const facts = accepted.steps.map(({ fact, session }) => {
      seq += 1
      return { seq, ...encodeFact(fact), stateHash: stateHash(canonical(session)) }
    })
    decisions.push(accepted)
    lines.push(seal(record({ input, moment: now, epoch: 1, facts: facts as unknown as TraceStep["facts"] })))
    session = accepted.session
  }
  const take = (input: Input) => {
    now = { ...now, wallMs: now.wallMs + 10, bootMs: now.bootMs + 10, offset: now.offset + 100 }
    const decided = decide(session!, input, now)
    if (decided._tag !== "Accepted") throw new Error(`${input.type}: ${JSON.stringify(decided)}`)
    keep(input, decided)
  }
  let told = 0
  const holder = (event: HolderEvent) => {
    told += 1
    take({ type: "HolderReported", generation: 1, entry: { n: told, wallMs: now.wallMs, offset: now.offset, event } })
  }
  keep({ type: "Create" }, decideCreate(id, spec, "bench", now))
  take({ type: "Prepared", generation: 1, executable: "/bin/bash" })
  holder({ type: "spawned", process: { bootId: "boot", pid: 1, startTime: 1 } })
  holder({ type: "output_began" })
  for (let n = 0; seq < atLeast; n++) {
    take({ type: "Write", by: "bench", writeId: `w-${n}`, bytes: 24 })
    take({ type: "WriteSettled", generation: 1, writeId: `w-${n}`, outcome: "written" })
    if (n % 20 === 19) take({ type: "Resize", by: "bench", size: { cols: 80 + (n % 40), rows: 24 } })
    if (n % 50 === 49)
      take({ type: "ActivityObserved", generation: 1, activity: n % 100 === 49 ? "working" : "idle", source: "osc", question: null })
  }
  lines.push(seal({ type: "end", steps: decisions.length, facts: seq, outputBytes: 0 }))
  return { decisions, text: lines.join("") }
}

const spec: Spec = {
  provider: "command",
  command: ["bash", "-l"],
  cwd: "/tmp",
  env: { names: ["HOME", "LANG", "PATH", "TERM"], hash: "9f0c1f2e4a7b4c8eb9a32f6f0d3b8c11" },
  name: "task",
  labels: { team: "bench" },
  size: { cols: 80, rows: 24 },
  runtime: "pty",
  keepalive: { mode: "on_crash", baseMs: 3_000, factor: 2, capMs: 300_000, maxAttempts: 3, healthyAfterMs: 60_000 },
  stop: { ladder: terminalLadder },
  readyTimeoutMs: 30_000,
  idleStopMs: null
}
