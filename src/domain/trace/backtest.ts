/** What other policies would have decided over a recorded session, as far as the recording shows: until the world would have gone another way. */
import { Result } from "effect"
import { canonicalJson } from "../canonical.ts"
import { type Accepted, decide, earliest } from "../decide/index.ts"
import type { Fact } from "../facts.ts"
import { limits } from "../limits.ts"
import type { Session } from "../session.ts"
import { iso, type Moment } from "../time.ts"
import { encodeFact } from "../upcast.ts"
import { type Difference, differences } from "./difference.ts"
import type { TraceHeader, TraceStep } from "./format.ts"
import { makeLadderWatch } from "./ladder-watch.ts"
import { makeLines } from "./lines.ts"
import type { Policies } from "./policies.ts"
import { type Redecided, redecide } from "./redecide.ts"
import { type Hash, makeUnsealer, type TraceUnreadable } from "./seal.ts"
import { parting } from "./verify.ts"

/** One decision that comes out differently. */
export interface Change {
  readonly wallMs: number
  /** Of the first recorded fact; null for a decision that only the other policies make. */
  readonly seq: number | null
  readonly input: string
  readonly recorded: ReadonlyArray<Decided>
  readonly present: ReadonlyArray<Decided>
  /** Where both come to the same facts: what in them is different. */
  readonly within: ReadonlyArray<Difference>
}
export interface Decided {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Backtest {
  readonly _tag: "Backtested"
  readonly title: string | null
  readonly session: string
  readonly changes: ReadonlyArray<Change>
  /** Inputs that were decided again. */
  readonly inputs: number
  /** From where on the recording cannot show it, and why; null where the recording serves to its end. */
  readonly parted: { readonly wallMs: number; readonly why: string } | null
  /** What would be waited for at the end, where that is something else than what was. */
  readonly pending: { readonly recorded: string | null; readonly present: string | null } | null
}

/** This version does not even decide the recording as it stands: the difference would not be the policies'. */
export interface Unfit {
  readonly _tag: "Unfit"
  readonly line: number
  readonly reason: string
}

/** Takes a trace piece by piece; `push` says when more of it makes no difference. */
export const makeBacktest = (policies: Policies, hash: Hash) => {
  const unsealer = makeUnsealer(hash)
  const lines = makeLines(limits.traceLineChars)
  const watch = makeLadderWatch()
  const changes: Array<Change> = []
  let header: TraceHeader | null = null
  let recorded: Session | null = null
  let present: Session | null = null
  let inputs = 0
  let parted: Backtest["parted"] = null
  let failed: TraceUnreadable | Unfit | null = null

  /** Deadlines that pass under these policies and did not, or not then, in the recording. */
  const passEarlier = (until: Moment) => {
    for (let times = 0; present !== null && parted === null && times < mostAtOnce; times++) {
      const due = earliest(present.context.deadlines)
      const known = recorded?.context.deadlines
      if (due === null || due.deadline.bootMs > until.bootMs || due.deadline.bootMs === known?.[due.name]?.bootMs) return
      const earlierMs = until.bootMs - due.deadline.bootMs
      const now = { ...until, bootMs: due.deadline.bootMs, wallMs: until.wallMs - earlierMs, offset: present.context.offset }
      // What is printed between two inputs is not in the recording.
      if (due.name === "idle" && until.offset > present.context.idleOffset) return part(now.wallMs, "it would be stopped if it was quiet")
      const decided = decide(present, { type: "DeadlineReached" }, now)
      if (decided._tag !== "Accepted") return
      note(now.wallMs, null, `${due.name} deadline`, [], decided)
      present = decided.session
      if (decided.effects.length > 0) part(now.wallMs, `it would have been obliged to ${named(decided.effects)}`)
    }
  }

  const note = (wallMs: number, seq: number | null, input: string, then: ReadonlyArray<Decided>, now: Redecided) => {
    const facts = now._tag === "Accepted" ? decidedIn(now) : []
    const alike = canonicalJson(then.map(({ type }) => type)) === canonicalJson(facts.map(({ type }) => type))
    if (alike && canonicalJson(then) === canonicalJson(facts)) return
    changes.push({ wallMs, seq, input, recorded: then, present: facts, within: alike ? differences(dataOf(then), dataOf(facts)) : [] })
  }

  const part = (wallMs: number, why: string) => {
    parted ??= { wallMs, why }
  }

  const judge = (step: TraceStep): Unfit | null => {
    const then = redecide(recorded, step)
    if (then._tag !== "Accepted" || parting(step, then, hash) !== null)
      return { _tag: "Unfit", line: unsealer.line(), reason: "this version does not decide as it was recorded; verify tells more" }
    passEarlier(step.moment)
    const early = parted === null ? watch.contradiction(step.input, recorded, present) : null
    if (early !== null) part(step.moment.wallMs, early)
    if (parted !== null) return null
    const now = redecide(present, step, policies)
    note(step.moment.wallMs, step.facts[0].seq, step.input.type, decidedIn(then), now)
    inputs += 1
    watch.see(step, then.effects)
    const owed = now._tag === "Accepted" ? now.effects : []
    if (canonicalJson(then.effects) !== canonicalJson(owed)) part(step.moment.wallMs, otherwise(then.effects, owed))
    recorded = then.session
    present = now._tag === "Accepted" ? now.session : present
    return null
  }

  return {
    push: (bytes: Uint8Array): boolean => {
      const whole = failed === null ? lines.push(bytes) : []
      if (whole === null) failed = unsealer.no("damaged", `the line after this one has more than ${limits.traceLineChars} characters`)
      for (const text of whole ?? []) {
        const line = unsealer.take(text)
        if (Result.isFailure(line)) failed = line.failure
        else if (line.success.type === "header") header = line.success
        else if (line.success.type === "step" && parted === null) failed = judge(line.success)
        if (failed !== null) break
      }
      return failed !== null
    },
    end: (): Backtest | TraceUnreadable | Unfit =>
      failed ??
      unsealer.cut(lines.open()) ?? {
        _tag: "Backtested",
        title: header?.title ?? null,
        session: header?.session ?? "",
        changes,
        inputs,
        parted,
        pending: parted === null ? awaited(recorded, present) : null
      }
  }
}

/** Facts are decided by one deadline after the other: no policy makes more of them due at one moment. */
const mostAtOnce = 8

/** What a session was asked to be is no decision. */
const decidedIn = ({ steps }: Pick<Accepted, "steps">): ReadonlyArray<Decided> => steps.map(({ fact }) => worded(fact))
const worded = (fact: Fact): Decided => {
  const { data, type } = encodeFact(fact)
  const { changes: _, spec: __, ...rest } = data
  return { type, data: type === "SessionCreated" || type === "SessionPatched" ? rest : data }
}

const dataOf = (decided: ReadonlyArray<Decided>) => Object.fromEntries(decided.map(({ data, type }, index) => [`${index}.${type}`, data]))

const named = (effects: ReadonlyArray<unknown>) => effects.map((effect) => (effect as { readonly type: string }).type).join(", ")

const otherwise = (then: ReadonlyArray<unknown>, now: ReadonlyArray<unknown>): string => {
  if (now.length === 0) return `the recording goes on with ${named(then)}, to which these policies do not oblige`
  return then.length === 0
    ? `it would have been obliged to ${named(now)}`
    : `it would have been obliged to ${named(now)}, not to ${named(then)}`
}

const awaited = (recorded: Session | null, present: Session | null): Backtest["pending"] => {
  const [then, now] = [recorded, present].map((session) => {
    const due = session === null ? null : earliest(session.context.deadlines)
    return due && `${due.name} at ${iso(due.deadline.wallMs)}`
  }) as [string | null, string | null]
  return then === now ? null : { recorded: then, present: now }
}
