import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { causeOf } from "../../../src/domain/explain/causes.ts"
import { explain } from "../../../src/domain/explain/explain.ts"
import { factSentence, factSentences } from "../../../src/domain/explain/fact-sentences.ts"
import { effectSentence, inputSentences } from "../../../src/domain/explain/input-sentences.ts"
import { type Fact, factTypes } from "../../../src/domain/facts.ts"
import { Report } from "../../../src/domain/inputs.ts"
import * as given from "../../support/domain.ts"
import { at } from "../../support/domain.ts"
import { facts } from "../../support/facts.ts"
import { golden } from "../../support/golden.ts"
import { type Life, lifeOf } from "../../support/told.ts"

const chain = (life: Life, seq: number) => Effect.runSync(explain(life.history, seq))
const newest = (life: Life, type: Fact["type"]) => life.facts.findLast(({ fact }) => fact.type === type)!.seq
/** What an explanation goes through, in a word each. */
const path = (life: Life, type: Fact["type"]) =>
  chain(life, newest(life, type)).map((link) => {
    switch (link.kind) {
      case "origin":
        return `origin ${link.source}${link.offset === null ? "" : ` @${link.offset}`}`
      case "after":
        return `after ${link.seq}`
      case "deadline":
        return `deadline ${link.name}`
      case "cannot_tell":
        return link.sentence
      default:
        return `${link.kind} ${link.type}`
    }
  })

const crashed = [...given.up, [given.exited(7), at(10_000)], [given.cleared(), at(10_001)]] as const
const prompt = {
  type: "Prompt",
  by: "bob",
  prompt: {
    id: "p1",
    hash: "9f",
    bytes: 4,
    deliver: "turn_boundary",
    onUncertain: "report",
    from: null,
    replyTo: null,
    threadId: null,
    replyExpected: false,
    expires: { bootMs: 90_000, wallMs: 1_090_000 }
  }
} as const
const claimed = { type: "WriteSettled", generation: 1, outcome: "written", writeId: `p1.1.${given.nonce.slice(0, 8)}` } as const

describe("an explanation", () => {
  it("goes from a relaunch through its timer to the exit that no client asked for", () => {
    const life = lifeOf(given.spec(), ...crashed, [given.due, at(13_001)])
    assert.deepStrictEqual(path(life, "RelaunchStarted"), [
      "fact RelaunchStarted",
      "input DeadlineReached",
      "deadline backoff",
      "fact RelaunchScheduled",
      "input HolderReported",
      "after 5",
      "fact ProcessExited",
      "input HolderReported",
      "origin process @0"
    ])
  })

  it("goes from the end of a stop through the ladder to the client that asked for it", () => {
    const life = lifeOf(given.spec(), ...given.up, given.stop, given.stepped(3, "hangup"), given.exited(null, "SIGHUP"), given.cleared())
    for (const type of ["GenerationEnded", "ProcessExited", "StopStepTaken"] as const) {
      assert.deepStrictEqual(path(life, type), [
        `fact ${type}`,
        "input HolderReported",
        "effect RunLadder",
        "fact StopRequested",
        "input Stop",
        "origin request"
      ])
    }
    const last = chain(life, newest(life, "GenerationEnded")).at(-1)
    assert.strictEqual(last?.sentence, "ada asked for it over the interface: the command Stop.")
  })

  it("goes from a spawn to the create, through each effect that a fact obliged to", () => {
    const life = lifeOf(given.spec(), ...given.up)
    assert.deepStrictEqual(path(life, "ProcessSpawned"), [
      "fact ProcessSpawned",
      "input HolderReported",
      "effect Spawn",
      "fact LaunchIntended",
      "input Prepared",
      "effect Prepare",
      "fact SessionCreated",
      "input Create",
      "origin request"
    ])
    assert.deepStrictEqual(path(life, "AgentReady").at(-1), "origin output @0")
  })

  it("ends at the bytes that said so", () => {
    const told = {
      type: "ActivityObserved",
      generation: 1,
      activity: "working",
      source: "osc",
      question: null,
      evidenceOffset: 77
    } as const
    assert.deepStrictEqual(path(lifeOf(given.spec(), ...given.up, told), "ActivityChanged"), [
      "fact ActivityChanged",
      "input ActivityObserved",
      "origin output @77"
    ])
  })

  it("names the client that queued the prompt that was typed, and that its time was up by its own deadline", () => {
    const life = lifeOf(given.spec(), ...given.up, prompt, claimed)
    assert.deepStrictEqual(path(life, "PromptSubmitted"), [
      "fact PromptSubmitted",
      "input WriteSettled",
      "effect DeliverPrompt",
      "fact PromptClaimed",
      "input Prompt",
      "origin request"
    ])
    const waiting = lifeOf(given.spec(), prompt, ...given.up)
    assert.deepStrictEqual(path(waiting, "PromptClaimed").slice(1), [
      "input HolderReported",
      "after 2",
      "fact PromptQueued",
      "input Prompt",
      "origin request"
    ])
    const late = lifeOf(given.spec(), prompt, [given.due, at(90_000)])
    assert.deepStrictEqual(path(late, "PromptExpired").slice(1, 4), ["input DeadlineReached", "deadline expire", "fact PromptQueued"])
  })

  it("says so where the log does not hold the cause", () => {
    const killed = lifeOf(given.spec(), ...given.up, given.exited(null, "SIGKILL"))
    assert.match(path(killed, "ProcessExited").at(-1)!, /^cannot tell: .*who sent SIGKILL/)
    assert.match(path(lifeOf(given.spec(), ...given.up, given.gone()), "HolderLost").at(-1)!, /^cannot tell: /)
    const life = lifeOf(given.spec(), ...given.up)
    const lost: Life = { ...life, history: { ...life.history, newest: () => Effect.succeed(null) } }
    assert.match(chain(lost, 3).at(-1)!.sentence, /^cannot tell: no fact in the log obliged/)
    const bare: Life = { ...life, history: { ...life.history, told: (seq) => Effect.succeed({ ...life.facts[seq - 1]!, cause: null }) } }
    assert.match(chain(bare, 3).at(-1)!.sentence, /^cannot tell: the log does not hold the input/)
  })

  it("does not take a fact for the cause of what it did not oblige to", () => {
    // The process was up before the stop was asked for: only the stop owes a ladder.
    const life = lifeOf(given.spec(), ...given.up, given.stop, [given.kill, at(5)], given.stepped(3, "kill"))
    const [, , effect] = chain(life, newest(life, "StopStepTaken"))
    assert.deepInclude(effect as object, { kind: "effect", owedBy: newest(life, "StopEscalated") })
    assert.deepInclude((effect as { effect: object }).effect, { mode: "kill" })
  })

  it("ends, whatever the fact", () => {
    const life = lifeOf(
      given.spec({ idleStopMs: 60_000 }),
      ...given.up,
      given.attach(),
      given.resize(100),
      given.write(),
      given.settled(),
      given.detach(),
      prompt,
      claimed,
      [given.due, at(20_000)],
      [given.observed("waiting", "hook", "may I?"), at(21_000)],
      given.reattached(),
      [given.due, at(60_001)],
      given.exited(0),
      given.cleared(),
      given.resume,
      given.prepareFailed("cwd_missing", 2),
      given.archive,
      given.unarchive,
      given.terminate
    )
    assert.isAbove(life.facts.length, 20)
    for (const { seq } of life.facts) {
      const links = chain(life, seq)
      assert.include(["origin", "cannot_tell"], links.at(-1)!.kind, `fact ${seq}`)
      assert.isTrue(links.every(({ sentence }) => sentence.length > 5 && !/undefined|null|NaN|\[object/.test(sentence)))
    }
  })
})

describe("every fact, input and effect", () => {
  it("has a sentence, and those without one of their own are listed", () => {
    for (const fact of facts()) assert.notMatch(factSentence(fact), /undefined|null|NaN|\[object|^\W/, fact.type)
    const general = [
      ...[...factTypes].filter((type) => !(type in factSentences)),
      // What a command asks for is in its name.
      ...Object.keys(Report.cases).filter((type) => !(type in inputSentences))
    ]
    // A new kind is explained in general words until a developer finds its own: then this list gets shorter.
    golden(new URL("general.golden.txt", import.meta.url), general.map((type) => `${type}\n`).join(""))
    assert.strictEqual(factSentence({ ...facts()[0]!, type: "NewKind" } as never), "NewKind was recorded.")
    assert.strictEqual(effectSentence({ type: "NewKind" } as never), "The daemon had to do this: NewKind.")
  })

  it("of an unknown kind is said to be unknown", () => {
    const life = lifeOf(given.spec(), ...given.up)
    const strange = { ...life.facts[1]!, cause: { input: { type: "NewKind" } as never, moment: at(0) } }
    assert.match(JSON.stringify(causeOf(strange, null)), /cannot tell: nothing is known here of where the input NewKind comes from/)
  })

  it("is explained from first to last where a whole life is given", () => {
    const life = lifeOf(given.spec(), ...crashed, [given.due, at(13_001)])
    const text = life.facts
      .map(({ seq }) =>
        chain(life, seq)
          .map(({ kind, sentence }) => `${kind}: ${sentence}`)
          .join("\n")
      )
      .join("\n\n")
    golden(new URL("crash.golden.txt", import.meta.url), `${text}\n`)
  })
})
