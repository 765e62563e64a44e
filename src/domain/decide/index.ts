/** From an input to its facts: every policy in one table, every answer checked against the machine before an actor acts on it. */
import type { SessionEffect } from "../effects.ts"
import type { Fact, FactOf, Prompt } from "../facts.ts"
import type { Command, CommandType, Input } from "../inputs.ts"
import { limits } from "../limits.ts"
import { apply, insideOf, lifeOf, open, type Session, stateName, tryApply } from "../session.ts"
import type { Spec } from "../spec.ts"
import type { Moment } from "../time.ts"
import { activity } from "./activity.ts"
import { deadlines } from "./deadlines.ts"
import { evidence } from "./evidence.ts"
import { lifecycle } from "./lifecycle.ts"
import { prompts, sequel } from "./prompts.ts"
import { stopping } from "./stopping.ts"
import { suspending } from "./suspending.ts"
import { terminal } from "./terminal.ts"
import { type Facts, type Nothing, type Policies, type Policy, type Refusal, refuse, type Situation, type Verdict } from "./verdict.ts"

export { earliest } from "./deadlines.ts"
export type { Nothing, Refusal } from "./verdict.ts"

/** One fact, and the session as it is after it. */
export interface Step {
  readonly fact: Fact
  readonly session: Session
}
/** Never without a step. `effects` are owed once the facts are durable. */
export interface Accepted {
  readonly _tag: "Accepted"
  readonly steps: ReadonlyArray<Step>
  readonly session: Session
  readonly effects: ReadonlyArray<SessionEffect>
}
export type Decided = Accepted | Refusal | Nothing

export const decide = (session: Session, input: Input, now: Moment): Decided => {
  const verdict = consider(session, input, now)
  return "_tag" in verdict ? verdict : enact(session, input, verdict, now)
}

/** The first decision of a stream. */
export const decideCreate = (
  id: FactOf<"SessionCreated">["id"],
  spec: Spec,
  by: string,
  now: Moment,
  { prompt, ...more }: Beginnings = {}
): Accepted => {
  const created: FactOf<"SessionCreated"> = { type: "SessionCreated", at: now.wallMs, offset: 0, id, spec, by, ...more }
  const [session, effects] = open(created)
  const first: Step = { fact: created, session }
  if (prompt === undefined) return { _tag: "Accepted", steps: [first], session, effects }
  const queued: FactOf<"PromptQueued"> = { type: "PromptQueued", at: now.wallMs, offset: 0, prompt, by }
  const [after] = apply(session, queued)
  return { _tag: "Accepted", steps: [first, { fact: queued, session: after }], session: after, effects }
}

/** What a session is given beside its specification. */
export interface Beginnings extends Pick<FactOf<"SessionCreated">, "provider" | "beginning" | "lineage"> {
  readonly prompt?: Prompt
}

/** The commands that would be taken now: what a refusal offers instead. */
export const allowed = (session: Session, now: Moment): ReadonlyArray<CommandType> =>
  samples.filter((command) => decide(session, command, now)._tag !== "Refusal").map((command) => command.type)

const policies: Policies = { ...lifecycle, ...terminal, ...stopping, ...deadlines, ...activity, ...evidence, ...prompts, ...suspending }

const consider = (session: Session, input: Input, now: Moment): Verdict =>
  (policies[input.type] as Policy<Input["type"]>)({ session, context: session.context, now }, input)

const enact = (session: Session, input: Input, facts: Facts, now: Moment): Decided => {
  const draft = makeDraft(session, now)
  for (const part of facts) if (!draft.add(part)) return "by" in input ? refusal(session, input) : { _tag: "Nothing", reason: "not_now" }
  if (draft.isEmpty()) return { _tag: "Nothing", reason: "unchanged" }
  for (let round = 0; ; round++) {
    const more = sequel(draft.situation())
    if (more.length === 0) return draft.accepted()
    if (round === limits.followUpRounds) throw new Error(`follow-ups of ${input.type} reach no end: ${more[0]!.type} follows again`)
    for (const fact of more) draft.add(fact)
  }
}

/** Applies each fact as it is added, so that the next rule reads the state which the facts before it make. */
const makeDraft = (before: Session, now: Moment) => {
  const steps: Array<Step> = []
  const effects: Array<SessionEffect> = []
  const session = () => steps.at(-1)?.session ?? before
  const situation = (): Situation => ({ session: session(), context: session().context, now })

  /** False where the machine does not take the first fact. A later fact that it does not take is a defect. */
  const add = (part: Facts[number]): boolean => {
    if (typeof part === "function") return part(situation()).every(add)
    const applied = steps.length === 0 ? tryApply(before, part) : apply(session(), part)
    if (applied === null) return false
    steps.push({ fact: part, session: applied[0] })
    effects.push(...applied[1])
    return true
  }

  return {
    add,
    situation,
    isEmpty: () => steps.length === 0,
    accepted: (): Accepted => ({ _tag: "Accepted", steps, session: session(), effects })
  }
}

/** The machine does not take what the command would make true: say why in a word that a program can read. */
const refusal = (session: Session, command: Command): Refusal => {
  const life = lifeOf(session)
  const inside = insideOf(session)
  const no = (code: string) => refuse(code, `${command.type} is not possible while the session is ${stateName(session)}`)
  if (life === "terminated") return no("terminated")
  if (inside === "archived") return no("archived")
  if (life === "ended")
    return no(command.type === "Unarchive" ? "not_archived" : command.type === "Resume" ? "not_allowed" : "already_ended")
  if (command.type === "Resume") return no(life === "streaming" ? "already_running" : "already_resuming")
  if (command.type === "Unarchive") return no("not_archived")
  if (session.context.stop !== null) return no("already_stopping")
  return no(inside === "reaping" ? "already_exited" : "not_ready")
}

const sample = { by: "" }
const samples: ReadonlyArray<Command> = [
  { type: "Patch", ...sample, changes: { name: null } },
  { type: "Write", ...sample, writeId: "", bytes: 0 },
  { type: "Interrupt", ...sample, writeId: "" },
  {
    type: "Prompt",
    ...sample,
    prompt: {
      id: "",
      hash: "",
      bytes: 0,
      deliver: "now",
      onUncertain: "report",
      from: null,
      replyTo: null,
      threadId: null,
      replyExpected: false,
      expires: null
    }
  },
  { type: "Resize", ...sample, size: { cols: 1, rows: 1 } },
  { type: "Continue", ...sample },
  { type: "KillTool", ...sample, pgid: 1 },
  { type: "Stop", ...sample, reason: "" },
  { type: "Kill", ...sample, reason: "" },
  { type: "Resume", ...sample },
  { type: "Reload", ...sample, reason: "" },
  { type: "Archive", ...sample },
  { type: "Unarchive", ...sample },
  { type: "Terminate", ...sample, reason: "" },
  { type: "Attach", ...sample, client: "", mode: "view" }
]
