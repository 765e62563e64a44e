/** Whatever inputs a session gets, in whatever order: what holds for every life. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { allowed, decide, earliest } from "../../src/domain/decide/index.ts"
import { daemon } from "../../src/domain/facts.ts"
import {
  apply,
  canonical,
  fromCheckpoint,
  insideOf,
  isUp,
  lifeOf,
  open,
  replay,
  type Session,
  stoppingOf,
  toCheckpoint
} from "../../src/domain/session.ts"
import { without } from "../../src/domain/session-context.ts"
import { decodeFact, encodeFact } from "../../src/domain/upcast.ts"
import { due } from "../support/domain.ts"
import { type Choice, Script, type Walk, Wishes, walk } from "../support/walk.ts"

// The default size makes scripts of five choices: too short for a life to go wrong in.
const runs = { timeout: 120_000, arbitrary: { runs: 60, size: 160 } }
const frozen = <A>(value: A): A => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}
const hold = (session: Session): Session => {
  frozen(session.context)
  frozen(session.value)
  return session
}
const accepted = ({ strides }: Walk) =>
  strides.flatMap(({ before, decided, trial }) => (decided._tag === "Accepted" ? [{ before, decided, trial }] : []))

describe("every life", () => {
  it.prop(
    "is the fold of its facts at each of them, read back from the log's own text",
    [Wishes, Script],
    ([wishes, script]) => {
      const life = walk(wishes, script)
      let folded = open(life.created)[0]
      for (const { decided } of accepted(life))
        for (const { fact, session } of decided.steps) {
          const read = decodeFact(JSON.parse(JSON.stringify(encodeFact(fact))))
          folded = apply(folded, Result.getOrThrow(read))[0]
          assert.strictEqual(canonical(folded), canonical(session), fact.type)
        }
      assert.strictEqual(canonical(replay(life.facts)), canonical(life.end))
    },
    runs
  )

  it.prop(
    "goes on from a checkpoint of any moment as if there had been none",
    [Wishes, Script, Script],
    ([wishes, before, after]) => {
      const { facts } = walk(wishes, [...before, ...after])
      const cut = walk(wishes, before).facts.length
      const resumed = facts
        .slice(cut)
        .reduce((session, fact) => apply(session, fact)[0], fromCheckpoint(toCheckpoint(replay(facts.slice(0, cut)))))
      assert.strictEqual(canonical(resumed), canonical(replay(facts)))
    },
    runs
  )

  it.prop(
    "decides the same twice, and touches nothing that it was given",
    [Wishes, Script],
    ([wishes, script]) => {
      const life = walk(wishes, script, hold)
      const again = walk(wishes, script)
      assert.deepStrictEqual(again.facts, life.facts)
      assert.strictEqual(canonical(again.end), canonical(life.end))
      for (const { before, decided, trial } of life.strides) {
        const repeated = decide(before, frozen(structuredClone(trial.input)), frozen({ ...trial.now }))
        assert.deepStrictEqual(
          repeated._tag === "Accepted" ? [repeated.steps.map(({ fact }) => fact), repeated.effects] : repeated,
          decided._tag === "Accepted" ? [decided.steps.map(({ fact }) => fact), decided.effects] : decided
        )
      }
    },
    runs
  )

  it.prop(
    "has one live generation at most, and each has the next number",
    [Wishes, Script],
    ([wishes, script]) => {
      let live: number | null = null
      let newest = 0
      for (const fact of walk(wishes, script).facts) {
        if (fact.type === "LaunchIntended") {
          assert.isNull(live, "a generation was launched while another lives")
          assert.isAbove(fact.generation, newest)
          live = newest = fact.generation
        } else if (fact.type === "GenerationEnded") live = null
        else if (fact.type === "ProcessSpawned" || fact.type === "AgentReady" || fact.type === "ProcessExited")
          assert.strictEqual(fact.generation, live)
      }
    },
    runs
  )

  it.prop(
    "is not brought back by itself from what somebody ended",
    [Wishes, Script],
    ([wishes, script]) => {
      let stoppedBy: string | null = null
      for (const fact of walk(wishes, script).facts) {
        if (fact.type === "StopRequested") stoppedBy = fact.by === daemon && fact.reason === "not_ready" ? null : fact.by
        if (fact.type === "StopEscalated" && fact.by !== daemon) stoppedBy = fact.by
        if (fact.type === "RelaunchCancelled" || fact.type === "SessionArchived") stoppedBy = fact.by
        if (fact.type === "ResumeRequested") stoppedBy = null
        if (fact.type === "RelaunchScheduled" || fact.type === "RelaunchStarted" || fact.type === "LaunchIntended")
          assert.isNull(stoppedBy, `${fact.type} after a stop by ${stoppedBy}`)
      }
    },
    runs
  )

  it.prop(
    "counts up: its clock, its offset, its holder's journal",
    [Wishes, Script],
    ([wishes, script]) => {
      for (const { before, decided } of accepted(walk(wishes, script))) {
        let last = before
        for (const { fact, session } of decided.steps) {
          assert.isAtLeast(session.context.offset, last.context.offset, fact.type)
          if (session.context.generation === last.context.generation && !["GenerationEnded", "LaunchIntended"].includes(fact.type))
            assert.isAtLeast(session.context.holderSeq, last.context.holderSeq, fact.type)
          last = session
        }
      }
    },
    runs
  )

  it.prop(
    "waits between the base and the cap of its backoff, longer only for the window, and longer each time",
    [Wishes, Script],
    ([wishes, script]) => {
      let plainBefore = 0
      for (const { facts, keepalive } of [{ facts: walk(wishes, script).facts, keepalive: { baseMs: 3_000, capMs: wishes.capMs } }])
        for (const fact of facts) {
          if (fact.type === "HealthConfirmed" || fact.type === "ResumeRequested") plainBefore = 0
          if (fact.type !== "RelaunchScheduled") continue
          assert.isAtLeast(fact.delayMs, keepalive.baseMs)
          assert.strictEqual(fact.deadline.wallMs, fact.at + fact.delayMs)
          if (fact.reason === "window") continue
          assert.isAtMost(fact.delayMs, keepalive.capMs)
          assert.isAtLeast(fact.delayMs - fact.jitterMs, plainBefore)
          assert.isAtMost(fact.jitterMs, 0.1 * (fact.delayMs - fact.jitterMs))
          plainBefore = fact.delayMs - fact.jitterMs
        }
    },
    runs
  )

  it.prop(
    "never relaunches more than five times in ten minutes of one boot, unless a person asks",
    [Wishes, Script],
    ([wishes, script]) => {
      // A restless life: nothing but launches and crashes, so that the window is reached at all.
      const restless = script.map((choice) => ({ ...choice, urge: 45 + (choice.urge % 20), wait: choice.wait % 2 }))
      let recent: ReadonlyArray<number> = []
      for (const fact of walk({ ...wishes, mode: "always", maxAttempts: 100, capMs: 3_000 }, restless).facts) {
        if (fact.type === "ResumeRequested" || fact.type === "ClockRebased") recent = []
        if (fact.type !== "RelaunchStarted") continue
        recent = [...recent.filter((at) => at > fact.bootMs - 600_000), fact.bootMs]
        assert.isAtMost(recent.length, 5)
      }
    },
    runs
  )

  it("is held back by that window when it is restless for long enough, or the rule above proved nothing", () => {
    const script = Array.from({ length: 60 }, () => ({ urge: 50, which: 0, wait: 0, random: 0 }))
    const wishes = { mode: "always", maxAttempts: 100, factor: 1, capMs: 3_000, provider: "command", idleStopMs: null } as const
    assert.include(
      walk(wishes, script).facts.flatMap((fact) => (fact.type === "RelaunchScheduled" ? [fact.reason] : [])),
      "window"
    )
  })

  it.prop(
    "waits for nothing where nothing can come, and a deadline passes once",
    [Wishes, Script],
    ([wishes, script]) => {
      const { end, now } = walk(wishes, script)
      if (["resting", "givenUp", "archived", "terminated", "preparing"].includes(insideOf(end)))
        // A prompt may expire wherever it waits.
        assert.deepStrictEqual(without(end.context.deadlines, "expire"), {})
      let session = end
      for (let times = 0; ; times++) {
        assert.isBelow(times, 8, "a deadline is due again and again at one moment")
        const deadline = earliest(session.context.deadlines)?.deadline
        const passed = decide(session, due, { ...now, bootMs: Math.max(now.bootMs, times === 0 ? (deadline?.bootMs ?? 0) : 0) })
        if (passed._tag !== "Accepted") break
        session = passed.session
      }
    },
    runs
  )

  it.prop(
    "once terminated stays exactly as it is",
    [Wishes, Script, Script],
    ([wishes, before, after]) => {
      const life = walk(wishes, [...before, ...after])
      const over = life.facts.findIndex(({ type }) => type === "SessionTerminated")
      assert.isTrue(over === -1 || over === life.facts.length - 1)
      if (lifeOf(life.end) === "terminated") assert.deepStrictEqual(allowed(life.end, life.now), [])
    },
    runs
  )

  it.prop(
    "keeps the stop that is under way and the state that shows it together",
    [Wishes, Script],
    ([wishes, script]) => {
      for (const { decided } of accepted(walk(wishes, script)))
        for (const { fact, session } of decided.steps) {
          assert.strictEqual(session.context.stop === null, stoppingOf(session) === "none", fact.type)
          if (lifeOf(session) === "ended" || lifeOf(session) === "terminated") {
            assert.isNull(session.context.process, fact.type)
            assert.deepStrictEqual(session.context.pendingWrites, [])
          }
        }
    },
    runs
  )

  it.prop(
    "types no prompt twice, unless it was proven not typed or its sender preferred that to never",
    [Wishes, Script],
    ([wishes, script]) => {
      const typed = new Set<string>()
      for (const fact of walk(wishes, eager(script)).facts) {
        if (fact.type === "PromptQueued") typed.delete(fact.prompt.id)
        if (fact.type === "PromptReleased" || (fact.type === "PromptUncertain" && fact.resend)) typed.delete(fact.promptId)
        if (fact.type !== "PromptClaimed") continue
        assert.isFalse(typed.has(fact.promptId), fact.promptId)
        typed.add(fact.promptId)
      }
    },
    runs
  )

  it.prop(
    "types an answer only while its question is open, and holds none without one",
    [Wishes, Script],
    ([wishes, script]) => {
      for (const { decided } of accepted(walk(wishes, eager(script)))) {
        for (const { fact, session } of decided.steps) {
          const { activity, prompts } = session.context
          const answers = fact.type === "PromptClaimed" && prompts.find(({ id }) => id === fact.promptId)?.answers
          if (answers) assert.deepStrictEqual([activity.value, activity.asked?.id], ["waiting", answers])
        }
        const { context } = decided.session
        if (lifeOf(decided.session) === "ended") assert.isFalse(context.prompts.some(({ answers }) => answers !== undefined))
      }
    },
    runs
  )

  it.prop(
    "has one interrupt under way at most, and waits for it or for a doubt only while the agent is up",
    [Wishes, Script],
    ([wishes, script]) => {
      let latched: string | null = null
      for (const { decided } of accepted(walk(wishes, eager(script))))
        for (const { fact, session } of decided.steps) {
          const { deadlines, doubt, interrupt } = session.context
          if (fact.type === "InterruptSettled" || fact.type === "GenerationEnded") latched = null
          if (fact.type === "InputAccepted" && fact.latch !== undefined) {
            assert.isNull(latched, "an interrupt was typed while another is under way")
            latched = fact.writeId
          }
          const up = isUp(session)
          assert.deepStrictEqual(
            [deadlines.doubt !== undefined, deadlines.interrupt !== undefined],
            [up && doubt !== null, up && interrupt !== null],
            fact.type
          )
        }
    },
    runs
  )

  it.prop(
    "resumes a conversation only where something was said, and none that was left",
    [Wishes, Script],
    ([wishes, script]) => {
      const left = new Set<string>()
      for (const { before, decided, trial } of accepted(walk({ ...wishes, provider: "chosen" }, eager(script))))
        for (const { fact } of decided.steps) {
          if (fact.type === "ConversationAbandoned") left.add(fact.id)
          if (fact.type !== "LaunchIntended" || fact.conversation?.kind !== "resume") continue
          assert.strictEqual(fact.conversation.id, before.context.conversation?.id)
          assert.isFalse(left.has(fact.conversation.id ?? ""))
          assert.isTrue(before.context.conversation?.begun || (trial.input.type === "Prepared" && trial.input.history === true))
        }
    },
    runs
  )

  it("meets all of that on its way, or the rules above proved nothing", () => {
    const met = new Set<string>()
    const wishes = { mode: "always", maxAttempts: 100, factor: 1, capMs: 3_000, provider: "chosen", idleStopMs: null } as const
    for (let seed = 1; seed <= 200; seed++) {
      let state = seed
      const draw = (below: number) => {
        state = (state * 48_271) % 2_147_483_647
        return state % below
      }
      const script = Array.from({ length: 160 }, () => ({ urge: draw(100), which: draw(100), wait: draw(16), random: 0 }))
      for (const { decided } of accepted(walk(wishes, eager(script))))
        for (const { fact, session } of decided.steps) {
          met.add(fact.type)
          const answers = fact.type === "PromptClaimed" && session.context.prompts.find(({ id }) => id === fact.promptId)?.answers
          if (answers) met.add("an answer typed")
          if (fact.type === "InputAccepted" && fact.latch !== undefined) met.add("an interrupt latched")
          if (fact.type === "LaunchIntended" && fact.conversation?.kind === "resume") met.add("a conversation resumed")
        }
    }
    for (const wanted of [
      "PromptClaimed",
      "PromptReleased",
      "PromptUncertain",
      "an answer typed",
      "an interrupt latched",
      "InterruptSettled",
      "ActivityDoubted",
      "ConversationAbandoned",
      "a conversation resumed"
    ])
      assert.include([...met], wanted)
  })
})

/** An agent that gets more and dies less. */
const eager = (script: ReadonlyArray<Choice>): ReadonlyArray<Choice> =>
  script.map((choice, index) => (index % 20 < 3 || choice.urge % 10 === 0 ? choice : { ...choice, urge: 90 }))
