import { assert, describe, it } from "@effect/vitest"
import { afterEnd } from "../../src/domain/decide/keepalive.ts"
import { fromCheckpoint, stateName, toCheckpoint } from "../../src/domain/session.ts"
import {
  archive,
  at,
  cleared,
  due,
  exited,
  having,
  kill,
  prepared,
  printed,
  resume,
  running,
  spawned,
  spec,
  stop,
  told,
  when
} from "../support/domain.ts"

const crashed = (generation = 1, ms = 0) =>
  [
    [exited(1, null, generation), at(ms)],
    [cleared(generation), at(ms)]
  ] as const
const relaunched = (generation: number, ms: number) =>
  [
    [due, at(ms)],
    [prepared(generation), at(ms)],
    [spawned(generation), at(ms)],
    [printed(generation), at(ms)]
  ] as const

describe("keepalive", () => {
  it("relaunches a crash after 3, 6 and 12 seconds, then gives up once", () => {
    const inputs = [prepared(), spawned(), printed(), ...crashed(1, 100)] as const
    const first = having(spec(), ...inputs)
    assert.deepStrictEqual(first.context.deadlines.backoff?.bootMs, 3_100)
    const second = having(spec(), ...inputs, ...relaunched(2, 3_100), ...crashed(2, 3_200))
    assert.deepStrictEqual(second.context.deadlines.backoff?.bootMs, 9_200)
    const third = having(spec(), ...inputs, ...relaunched(2, 3_100), ...crashed(2, 3_200), ...relaunched(3, 9_200), ...crashed(3, 9_300))
    assert.deepStrictEqual(third.context.deadlines.backoff?.bootMs, 21_300)
    const again = having(
      spec(),
      ...inputs,
      ...relaunched(2, 3_100),
      ...crashed(2, 3_200),
      ...relaunched(3, 9_200),
      ...crashed(3, 9_300),
      ...relaunched(4, 21_300),
      [exited(1, null, 4), at(21_400)]
    )
    when(again, cleared(4), at(21_400)).then({ type: "GenerationEnded" }, { type: "GaveUp", reason: "budget_spent", attempts: 3 })
  })

  it("names its jitter, and never waits less than the backoff or more than the cap", () => {
    const session = having(
      spec({ keepalive: { ...spec().keepalive, baseMs: 1_000, capMs: 1_050 } }),
      prepared(),
      spawned(),
      printed(),
      exited(1)
    )
    when(session, cleared(), at(0, { random: 0.99 })).then(
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled", delayMs: 1_050, jitterMs: 50 }
    )
  })

  it("says the delay and the place in the log of what it waits for", () => {
    const session = having(spec(), prepared(), spawned(), printed(), exited(1))
    when(session, cleared(), at(500, { random: 0.5 })).then(
      { type: "GenerationEnded" },
      {
        type: "RelaunchScheduled",
        attempt: 1,
        delayMs: 3_150,
        jitterMs: 150,
        reason: "backoff",
        deadline: { bootMs: 3_650, wallMs: 1_003_650 }
      }
    )
  })

  it("lets a clean exit rest under on_crash, and not under always", () => {
    when(having(spec(), prepared(), spawned(), printed(), exited(0)), cleared()).then({ type: "GenerationEnded" })
    const always = spec({ keepalive: { ...spec().keepalive, mode: "always" } })
    when(having(always, prepared(), spawned(), printed(), exited(0)), cleared()).then(
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled" }
    )
  })

  it("never relaunches what a client stopped, whatever the policy and however it died", () => {
    const always = spec({ keepalive: { ...spec().keepalive, mode: "always" } })
    const session = having(always, prepared(), spawned(), printed(), stop, exited(null, "SIGKILL"))
    const ended = when(session, cleared()).then({ type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "enough" } })
    when(ended, due, at(99_999_999)).ignored("not_due")
  })

  it("is cancelled by a stop during the backoff", () => {
    const session = having(spec(), prepared(), spawned(), printed(), ...crashed())
    const resting = when(session, stop).then({ type: "RelaunchCancelled", by: "ada" })
    when(resting, due, at(99_999_999)).ignored("not_due")
  })

  it("refills its budget after a minute of health, not at the spawn", () => {
    const back = having(spec(), prepared(), spawned(), printed(), ...crashed(1, 100), ...relaunched(2, 3_100))
    assert.strictEqual(back.context.attempts, 1)
    const healthy = when(back, due, at(63_100)).then({ type: "HealthConfirmed", attempts: 1 })
    assert.strictEqual(healthy.context.attempts, 0)
  })

  it("pauses after five relaunches in ten minutes, healthy gaps or not", () => {
    let session = running()
    let ms = 0
    for (let generation = 1; generation <= 5; generation++) {
      ms += 61_000
      if (generation > 1) session = when(session, due, at(ms)).then({ type: "HealthConfirmed" })
      session = when(session, exited(1, null, generation), at(ms)).then({ type: "ProcessExited" })
      session = when(session, cleared(generation), at(ms)).then({ type: "GenerationEnded" }, { type: "RelaunchScheduled", delayMs: 3_000 })
      ms += 3_000
      session = when(session, due, at(ms)).then({ type: "RelaunchStarted" })
      session = when(session, prepared(generation + 1), at(ms)).then({ type: "LaunchIntended", reason: "relaunch" })
      session = when(session, spawned(generation + 1), at(ms)).then({ type: "ProcessSpawned" })
      session = when(session, printed(generation + 1), at(ms)).then({ type: "AgentReady" })
    }
    session = when(session, exited(1, null, 6), at(ms + 1)).then({ type: "ProcessExited" })
    when(session, cleared(6), at(ms + 1)).then(
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled", reason: "window", delayMs: 64_000 + 600_000 - ms - 1 }
    )
  })

  it("gives up at once where only a person can help", () => {
    const session = having(spec(), prepared())
    when(session, told(1, { type: "launch_failed", code: "executable_missing", message: "no such file" })).then(
      { type: "GenerationEnded" },
      { type: "GaveUp", reason: "configuration" }
    )
  })

  it("starts afresh when a person resumes", () => {
    const session = having(spec({ keepalive: { ...spec().keepalive, maxAttempts: 0 } }), prepared(), spawned(), printed(), ...crashed())
    const resumed = when(session, resume).then({ type: "ResumeRequested" })
    assert.deepInclude(resumed.context, { attempts: 0, generation: 2, notice: null })
    when(resumed, prepared(2)).then({ type: "LaunchIntended", reason: "resume", generation: 2 })
  })

  it("waits what is left of a backoff after a reboot, and never longer than the whole", () => {
    const session = having(spec(), prepared(), spawned(), printed(), ...crashed(1, 100))
    const rebooted = when(session, { type: "HostRebooted" }, at(5, { bootId: "boot-2", wallMs: 1_001_100 })).then({ type: "ClockRebased" })
    assert.deepStrictEqual(rebooted.context.deadlines.backoff, { bootMs: 2_005, wallMs: 1_003_100 })
  })

  it("opens its breaker once, with one notice, and waits for a person", () => {
    const spent = having(spec({ keepalive: { ...spec().keepalive, maxAttempts: 0 } }), prepared(), spawned(), printed(), exited(1))
    const over = when(spent, cleared()).then({ type: "GenerationEnded" }, { type: "GaveUp", reason: "budget_spent" })
    assert.strictEqual(over.context.notice, "ended 1 times without 60000 ms of health in between")
    assert.strictEqual(stateName(over), "ended/givenUp")
    when(over, due, at(99_999_999)).ignored("not_due")
  })

  it("does not try again what only a login can mend", () => {
    const session = running()
    const facts = afterEnd({ session, context: session.context, now: at(0) }, { type: "auth" })
    assert.lengthOf(facts, 1)
    assert.deepInclude(facts[0] as object, { type: "GaveUp", reason: "auth", notice: "needs login: the agent could not authenticate" })
  })

  it("waits until a rate limit is over, not only for the backoff", () => {
    const session = running()
    const [scheduled] = afterEnd({ session, context: session.context, now: at(0) }, { type: "rate_limited", until: at(90_000).wallMs })
    assert.deepInclude(scheduled as object, { type: "RelaunchScheduled", delayMs: 90_000, reason: "window", jitterMs: 0 })
  })

  it("waits what is left, and counts on, when the daemon restarts in the middle", () => {
    const waiting = having(spec(), prepared(), spawned(), printed(), ...crashed(1, 100))
    const restarted = fromCheckpoint(toCheckpoint(waiting))
    when(restarted, due, at(3_099)).ignored("not_due")
    const back = when(restarted, due, at(3_100)).then({ type: "RelaunchStarted", attempt: 1, bootMs: 3_100 })
    assert.deepInclude(back.context, { attempts: 1, generation: 2 })
  })

  it("is not hastened by the old agent's late exit", () => {
    const back = having(spec(), prepared(), spawned(), printed(), ...crashed(1, 100), ...relaunched(2, 3_100))
    when(back, exited(1, null, 1), at(3_200)).ignored("stale_generation")
    when(back, cleared(1), at(3_200)).ignored("stale_generation")
  })

  it("stays away after an archive, a kill and an idle stop", () => {
    const always = { ...spec().keepalive, mode: "always" } as const
    const ends = (...inputs: Parameters<typeof having> extends readonly [unknown, ...infer R] ? R : never) =>
      stateName(having(spec({ keepalive: always, idleStopMs: 60_000 }), prepared(), spawned(), printed(), ...inputs))
    assert.strictEqual(ends(kill, exited(null, "SIGKILL"), cleared()), "ended/resting")
    assert.strictEqual(ends(archive, exited(0), cleared()), "ended/archived")
    assert.strictEqual(ends([due, at(60_000)], exited(0), cleared()), "ended/resting")
  })
})
