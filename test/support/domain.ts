/** given(facts).when(input).then(facts): a rule in the domain's own words. */
import { assert } from "@effect/vitest"
import { decide, decideCreate } from "../../src/domain/decide/index.ts"
import type { Fact, Prompt } from "../../src/domain/facts.ts"
import { SessionId } from "../../src/domain/ids.ts"
import type { HolderEvent, Input, InputOf } from "../../src/domain/inputs.ts"
import { command } from "../../src/domain/providers/command.ts"
import { providers } from "../../src/domain/providers/index.ts"
import type { Provider } from "../../src/domain/providers/provider.ts"
import { apply, open, type Session } from "../../src/domain/session.ts"
import type { Spec } from "../../src/domain/spec.ts"
import { terminalLadder } from "../../src/domain/spec.ts"
import type { Moment } from "../../src/domain/time.ts"

export const id = SessionId.make("s-000000000000")
export const nonce = "0123456789abcdef0123456789abcdef"
export const boot = "boot-1"

/** The machine booted at wall time 1,000,000; `ms` after that. */
export const at = (ms: number, more: Partial<Moment> = {}): Moment => ({
  wallMs: 1_000_000 + ms,
  bootMs: ms,
  bootId: boot,
  random: 0,
  nonce,
  offset: 0,
  ...more
})

export const spec = (more: Partial<Spec> = {}): Spec => ({
  provider: "command",
  command: ["bash"],
  cwd: "/",
  env: { names: [], hash: "" },
  name: null,
  labels: {},
  size: { cols: 80, rows: 24 },
  runtime: "pty",
  keepalive: { mode: "on_crash", baseMs: 3_000, factor: 2, capMs: 300_000, maxAttempts: 3, healthyAfterMs: 60_000 },
  stop: { ladder: terminalLadder },
  readyTimeoutMs: 30_000,
  idleStopMs: null,
  ...more
})

export const process = { bootId: boot, pid: 4242, startTime: 99 }

/** What the holder of `generation` reports as its `n`-th word. */
export const told = (n: number, event: HolderEvent, generation = 1, ms = 0): Input => ({
  type: "HolderReported",
  generation,
  entry: { n, wallMs: 1_000_000 + ms, offset: 0, event }
})
export const spawned = (generation = 1) => told(1, { type: "spawned", process }, generation)
export const printed = (generation = 1) => told(2, { type: "output_began" }, generation)
export const exited = (code: number | null, signal: string | null = null, generation = 1) =>
  told(8, { type: "exited", code, signal }, generation)
export const cleared = (generation = 1, swept = 0) => told(9, { type: "cleared", swept }, generation)
export const prepared = (generation = 1, history?: boolean): Input => ({
  type: "Prepared",
  generation,
  executable: "/bin/bash",
  ...(history === undefined ? {} : { history })
})
export const due: Input = { type: "DeadlineReached" }

export const stop: Input = { type: "Stop", by: "ada", reason: "enough" }
export const kill: Input = { type: "Kill", by: "ada", reason: "now" }
export const terminate: Input = { type: "Terminate", by: "ada", reason: "over" }
export const archive: Input = { type: "Archive", by: "ada" }
export const unarchive: Input = { type: "Unarchive", by: "ada" }
export const resume: Input = { type: "Resume", by: "ada" }
export const reload: Input = { type: "Reload", by: "ada", reason: "new settings" }

export const write = (writeId = "w1"): Input => ({ type: "Write", by: "ada", writeId, bytes: 3 })
export const interrupt: Input = { type: "Interrupt", by: "ada", writeId: "i1" }
export const settled = (outcome: InputOf<"WriteSettled">["outcome"] = "written", writeId = "w1"): Input => ({
  type: "WriteSettled",
  generation: 1,
  writeId,
  outcome
})
export const attach = (client = "c1"): Input => ({ type: "Attach", by: "ada", client, mode: "control" })
export const detach = (client = "c1"): Input => ({ type: "Detach", by: "ada", client, typedBytes: 2 })
export const patch = (changes: InputOf<"Patch">["changes"]): Input => ({ type: "Patch", by: "ada", changes })
export const resize = (cols: number, rows = 24): Input => ({ type: "Resize", by: "ada", size: { cols, rows } })
export const observed = (
  activity: InputOf<"ActivityObserved">["activity"],
  source: InputOf<"ActivityObserved">["source"] = "hook",
  question: string | null = null,
  generation = 1
): Input => ({ type: "ActivityObserved", generation, activity, source, question })
/** `ActivityObserved` of an agent that waits, with what it offers. */
export const asks = (
  question: string | null,
  source: InputOf<"ActivityObserved">["source"] = "hook",
  choices: ReadonlyArray<string> = []
): InputOf<"ActivityObserved"> => ({
  type: "ActivityObserved",
  generation: 1,
  activity: "waiting",
  source,
  question,
  asked: { kind: "permission", choices }
})
/** A prompt of five bytes, to be typed at once. */
export const prompt = (promptId: string, more: Partial<Prompt> = {}): InputOf<"Prompt"> => ({
  type: "Prompt",
  by: "ada",
  prompt: {
    id: promptId,
    hash: `hash of ${promptId}`,
    bytes: 5,
    deliver: "now",
    onUncertain: "report",
    from: null,
    replyTo: null,
    threadId: null,
    replyExpected: false,
    expires: null,
    ...more
  }
})
/** What the holder says of a claimed prompt. */
export const typed = (promptId: string, outcome: InputOf<"WriteSettled">["outcome"] = "written", generation = 1): Input => ({
  type: "WriteSettled",
  generation,
  writeId: `${promptId}.${generation}.01234567`,
  outcome
})
export const turnOver = (
  outcome: InputOf<"TurnObserved">["outcome"],
  source: InputOf<"TurnObserved">["source"] = "hook",
  generation = 1
): InputOf<"TurnObserved"> => ({ type: "TurnObserved", generation, source, outcome, detail: `the turn ${outcome}` })
export const talksIn = (conversation: string, transcript: string | null = null, generation = 1): InputOf<"ConversationObserved"> => ({
  type: "ConversationObserved",
  generation,
  source: "hook",
  id: conversation,
  transcript
})
/** Two lines of a transcript, between these bytes of it. */
export const transcribed = (from: number, to: number, path = "/t.jsonl", generation = 1): InputOf<"TranscriptAdvanced"> => ({
  type: "TranscriptAdvanced",
  generation,
  path,
  from,
  to,
  lines: 2,
  model: "large",
  usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 30, cacheWriteTokens: 40 }
})
export const blocked = (
  cause: InputOf<"BlockObserved">["cause"],
  until: number | null = null,
  generation = 1
): InputOf<"BlockObserved"> => ({
  type: "BlockObserved",
  generation,
  source: "hook",
  cause,
  until,
  detail: "told by the agent"
})
export const notKnown = (kind: string, raw = "{}"): InputOf<"MessageNotKnown"> => ({
  type: "MessageNotKnown",
  generation: 1,
  source: "hook",
  kind,
  raw
})
export const reports = (seq: number, phase: string | null = null): Input => ({
  type: "ReportState",
  by: "agent",
  report: { seq, phase, task: null, blocker: null, needsInput: false, threadId: null }
})
export const stepped = (n: number, step: "goodbye" | "hangup" | "kill", generation = 1) =>
  told(n, { type: "stop_step", step, signals: step === "kill" ? ["SIGKILL"] : ["SIGHUP"], pids: [4242] }, generation)
export const launchFailed = (code: string, generation = 1) => told(1, { type: "launch_failed", code, message: code }, generation)
export const prepareFailed = (code: string, generation = 1): Input => ({ type: "PrepareFailed", generation, code, message: code })
export const gone = (generation = 1): Input => ({ type: "HolderGone", generation, reason: "socket closed" })
export const swept = (generation = 1, count = 0): Input => ({ type: "Swept", generation, swept: count, lastSeenAt: 1_000_500 })
export const reattached = (generation = 1): Input => ({ type: "Reattached", generation, process, downMs: 700 })
export const rebooted: Input = { type: "HostRebooted" }

export const always = { ...spec().keepalive, mode: "always" } as const
export const never = { ...spec().keepalive, mode: "never" } as const
/** The inputs that bring a session to life, and the session they make. */
export const up = [prepared(), spawned(), printed()] as const
export const running = (more: Partial<Spec> = {}): Session => having(spec(more), ...up)

/** An agent that says itself when it is ready: being alive or printing proves nothing of it. */
const patient: Provider = { ...command, id: "patient", ready: { firstOutput: false, aliveMs: null } }
/** One that is ready when it prints, however late. */
const talkative: Provider = { ...command, id: "talkative", ready: { firstOutput: true, aliveMs: null } }
/** One whose conversation we name, and one that names it itself; what they say is the only sign of their being ready. */
const chosen: Provider = {
  ...patient,
  id: "chosen",
  conversation: {
    named: "chosen",
    fresh: ["--begin", "{conversation}"],
    resume: ["--resume", "{conversation}"],
    fork: ["--fork", "{parent}", "{conversation}"]
  }
}
const reported: Provider = {
  ...patient,
  id: "reported",
  conversation: { named: "reported", fresh: [], resume: ["--resume", "{conversation}"], fork: ["--fork", "{parent}"] }
}
for (const provider of [patient, talkative, chosen, reported]) (providers as Map<string, Provider>).set(provider.id, provider)

/** `chosen` and `reported` are up when they say what they do. */
export const idle = (generation = 1) => observed("idle", "hook", null, generation)
export const working = (generation = 1) => observed("working", "hook", null, generation)
export const talking = [prepared(), spawned(), idle()] as const
export const named = (provider: "chosen" | "reported", more: Partial<Spec> = {}): Spec => spec({ provider, keepalive: never, ...more })

type Told = readonly [Input, Moment] | Input
/** A session that has taken these inputs, one after the other; an input alone comes at 0. */
export const having = (sessionSpec: Spec, ...inputs: ReadonlyArray<Told>): Session =>
  going(decideCreate(id, sessionSpec, "ada", at(0)).session, ...inputs)

/** The session when it has taken these, too. */
export const going = (before: Session, ...inputs: ReadonlyArray<Told>): Session => {
  let session = before
  for (const told of inputs) {
    const [input, now] = "type" in told ? [told, at(0)] : told
    const decided = decide(session, input, now)
    assert(decided._tag === "Accepted", `${input.type}: ${JSON.stringify(decided)}`)
    session = decided.session
  }
  return session
}

export const when = (session: Session, input: Input, now: Moment = at(0)) => {
  const decided = decide(session, input, now)
  return {
    decided,
    /** Every given fact, in order, with at least the given fields. */
    then: (...expected: ReadonlyArray<Partial<Fact> & { readonly type: Fact["type"] }>): Session => {
      assert(decided._tag === "Accepted", JSON.stringify(decided))
      const facts = decided.steps.map(({ fact }) => fact)
      assert.deepStrictEqual(
        facts.map(({ type }) => type),
        expected.map(({ type }) => type)
      )
      for (const [index, wanted] of expected.entries()) assert.deepInclude(facts[index] as object, wanted as object)
      return decided.session
    },
    refused: (code: string): void => assert.deepInclude(decided as object, { _tag: "Refusal", code }),
    ignored: (reason: string): void => assert.deepInclude(decided as object, { _tag: "Nothing", reason })
  }
}

/** Facts alone, folded. */
export const fold = (facts: ReadonlyArray<Fact>): Session => {
  const [created, ...rest] = facts
  assert(created?.type === "SessionCreated")
  return rest.reduce((session, fact) => apply(session, fact)[0], open(created)[0])
}
