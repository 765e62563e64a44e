/** A random life: any script of choices becomes inputs that make sense where the session is, on a clock that only goes forward. */
import { Schema } from "effect"
import { type Decided, decide, decideCreate, earliest } from "../../src/domain/decide/index.ts"
import type { Fact } from "../../src/domain/facts.ts"
import { agentOf } from "../../src/domain/providers/index.ts"
import { insideOf, type Session } from "../../src/domain/session.ts"
import type { Spec } from "../../src/domain/spec.ts"
import type { Moment } from "../../src/domain/time.ts"
import { at, id, spec } from "./domain.ts"
import { type Trial, trials } from "./exploration.ts"

/** `urge` weighs what a healthy agent would do next against crashes, waiting, whatever `which` names, and late reports. */
export const Choice = Schema.Struct({
  urge: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
  which: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
  wait: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 15 })),
  random: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.999 }))
})
export type Choice = typeof Choice.Type
export const Script = Schema.Array(Choice).check(Schema.isMaxLength(160))

export const Wishes = Schema.Struct({
  mode: Schema.Literals(["never", "on_crash", "always"]),
  maxAttempts: Schema.Literals([0, 1, 3, 100]),
  factor: Schema.Literals([1, 2, 10]),
  capMs: Schema.Literals([3_000, 20_000, 300_000]),
  provider: Schema.Literals(["command", "patient", "talkative", "chosen", "reported"]),
  idleStopMs: Schema.NullOr(Schema.Literals([1_000, 60_000]))
})
export const wished = ({ capMs, factor, idleStopMs, maxAttempts, mode, provider }: typeof Wishes.Type): Spec =>
  spec({ provider, idleStopMs, keepalive: { mode, baseMs: 3_000, factor, capMs, maxAttempts, healthyAfterMs: 60_000 } })

/** Mostly none, or a backoff would never meet its window; generated integers prefer their bounds. */
const waitsMs = [0, 0, 0, 1, 0, 500, 0, 3_000, 0, 0, 61_000, 0, 500, 700_000, 0, 0] as const

export interface Stride {
  readonly before: Session
  readonly trial: Trial
  readonly decided: Decided
}
export interface Walk {
  readonly created: Extract<Fact, { readonly type: "SessionCreated" }>
  readonly strides: ReadonlyArray<Stride>
  readonly facts: ReadonlyArray<Fact>
  readonly end: Session
  readonly now: Moment
}

/** `prepare` is given each session before anything is decided on it. */
export const walk = (
  wishes: typeof Wishes.Type,
  script: ReadonlyArray<Choice>,
  prepare: (session: Session) => Session = (s) => s
): Walk => {
  let now = at(0)
  const first = decideCreate(id, wished(wishes), "ada", now)
  const created = first.steps[0]!.fact as Walk["created"]
  let session = prepare(first.session)
  const strides: Array<Stride> = []
  const facts: Array<Fact> = [created]
  for (const choice of script) {
    const waitMs = waitsMs[choice.wait]!
    const printed = choice.which % 3
    // Another one each time, in the digits that ids are made of.
    const nonce = strides.length.toString(16).padStart(8, "0").padEnd(32, "0")
    now = { ...now, wallMs: now.wallMs + waitMs, bootMs: now.bootMs + waitMs, random: choice.random, offset: now.offset + printed, nonce }
    const trial = chosen(choice, session, trials(session, now))
    const decided = decide(session, trial.input, trial.now)
    strides.push({ before: session, trial, decided })
    now = { ...trial.now, nonce: now.nonce }
    if (decided._tag !== "Accepted") continue
    facts.push(...decided.steps.map(({ fact }) => fact))
    session = prepare(decided.session)
  }
  return { created, strides, facts, end: session, now }
}

/** What comes next in a life without accidents. */
const next: Readonly<Record<string, string>> = {
  preparing: "Prepared",
  launching: "spawned",
  booting: "output_began",
  reaping: "cleared",
  resting: "Resume",
  backingOff: "DeadlineReached",
  givenUp: "Resume",
  archived: "Unarchive"
}

const chosen = ({ urge, which }: Choice, session: Session, all: ReadonlyArray<Trial>): Trial => {
  const picked = all[which % all.length]!
  // Once in a while is enough: nothing follows it.
  const any = picked.label === "Terminate" && urge !== 80 ? all[0]! : picked
  const named = (label: string | undefined) => all.findLast((trial) => trial.label === label) ?? any
  const inside = insideOf(session)
  // Only what it says of itself shows that it is ready.
  const says = inside === "booting" && agentOf(session.context).conversation !== null
  if (says && urge < 45) return all.find(({ label }) => label === "ActivityObserved") ?? any
  if (urge < 45) return named(next[inside])
  if (urge < 65) return named(next[inside] ?? "exited")
  if (urge < 75) return named(earliest(session.context.deadlines) === null ? next[inside] : "DeadlineReached")
  if (urge === 90 && which % 4 === 0 && session.context.activity.asked !== undefined) return named("Prompt (answer)")
  if (urge < 95 || !("generation" in any.input)) return any
  return { ...any, input: { ...any.input, generation: any.input.generation - 1 } }
}
