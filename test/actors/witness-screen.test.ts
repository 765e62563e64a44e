/** What is read off a screen, and when: a dialog that stands still is read once its agent says that it waits. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schedule, Stream } from "effect"
import { makeNews } from "../../src/actors/news.ts"
import { witnessScreen } from "../../src/actors/witness-screen.ts"
import type { Witnessing } from "../../src/actors/witnesses.ts"
import type { Report } from "../../src/domain/inputs.ts"
import { providers } from "../../src/domain/providers/index.ts"
import type { Rule } from "../../src/domain/providers/provider.ts"
import { Evidence } from "../../src/infra/evidence/evidence.ts"
import { Output } from "../../src/infra/output/output.ts"
import { agentNames, recorded } from "../agents/installed.ts"
import { fileOf, keptScreen } from "../screens/reading.ts"

const dialog = { lines: ["Pick a style", "", "  Auto", "❯ Dark"], highlights: [], offset: 100 }

/** The choices that are reported after the agent has said that it waits, the output by then being so long. */
const offered = (end: number) =>
  Effect.gen(function* () {
    const reports: Array<Report> = []
    const news = makeNews()
    let activity: object = { source: "protocol", value: "idle", question: null }
    const witnessing = {
      ...{ session: "s", generation: 1, news, isFresh: false, recognise: () => ({ hash: "" }), from: () => 0 },
      context: () => ({ activity, spec: { size: { cols: 80, rows: 24 } } }),
      tell: (report: Report) => {
        reports.push(report)
        return Deferred.makeUnsafe()
      }
    } as unknown as Witnessing
    const screen = { screen: () => Stream.concat(Stream.make(dialog), Stream.never) } as unknown as Evidence["Service"]
    const output = { end: () => Effect.succeed(end), beyond: () => Effect.never } as unknown as Output["Service"]
    const witness = yield* witnessScreen(witnessing, [{ pattern: "^Pick a style$", activity: "waiting", question: "input" }]).pipe(
      Effect.scoped,
      Effect.provideService(Evidence, screen),
      Effect.provideService(Output, output),
      Effect.forkChild
    )
    yield* reached(() => reports.length > 0)
    // The first look was of no use: the agent's protocol knew better by then.
    reports.length = 0
    activity = { source: "protocol", value: "waiting", question: null, asked: { choices: [] } }
    news.publish()
    yield* end === dialog.offset ? reached(() => reports.length > 0) : Effect.sleep("20 millis")
    yield* Fiber.interrupt(witness)
    return reports.flatMap((report) => (report.type === "ActivityObserved" ? [report.asked?.choices] : []))
  })

const reached = (isTrue: () => boolean) =>
  Effect.suspend(() => (isTrue() ? Effect.void : Effect.fail("not yet"))).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2_000 })
  )

it.live("a dialog that was drawn before its agent says that it waits is read then, though nothing is drawn any more", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* offered(100), [["Auto", "Dark"]])
  })
)

it.live("a screen that is drawn over meanwhile is not read as it was", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* offered(101), [])
  })
)

/** The reports of two looks, while one question is open by the agent's own protocol. */
const redrawn = (first: ReadonlyArray<string>, second: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const reports: Array<Report> = []
    const witnessing = {
      ...{ session: "s", generation: 1, news: makeNews(), isFresh: false, recognise: () => ({ hash: "" }), from: () => 0 },
      context: () => ({
        activity: { source: "protocol", value: "waiting", question: null, asked: { id: "1.1", choices: ["Yes"] } },
        spec: { size: { cols: 80, rows: 24 } }
      }),
      tell: (report: Report) => {
        reports.push(report)
        return Deferred.makeUnsafe()
      }
    } as unknown as Witnessing
    const looks = Stream.make({ lines: first, highlights: [], offset: 1 }, { lines: second, highlights: [], offset: 2 })
    const screen = { screen: () => Stream.concat(looks, Stream.never) } as unknown as Evidence["Service"]
    const output = { end: () => Effect.succeed(2), beyond: () => Effect.never } as unknown as Output["Service"]
    const rules = [{ pattern: "^May I run .*$", activity: "waiting", question: "permission" }] as const
    const witness = yield* witnessScreen(witnessing, rules).pipe(
      Effect.scoped,
      Effect.provideService(Evidence, screen),
      Effect.provideService(Output, output),
      Effect.forkChild
    )
    for (let looks = 0; looks < 500 && reports.length < 2; looks++) yield* Effect.sleep("10 millis")
    yield* Fiber.interrupt(witness)
    return reports.map((report) => (report.type === "ActivityObserved" ? (report.redrawn ?? false) : null))
  })

it.live("another question in the place of the open one is reported as another, whatever the agent's protocol says", () =>
  Effect.gen(function* () {
    const [asks, marked] = [
      ["May I run ls?", "> 1. Yes", "  2. No"],
      ["May I run ls?", "  1. Yes", "> 2. No"]
    ]
    assert.deepStrictEqual(yield* redrawn(asks, marked), [false, false])
    assert.deepStrictEqual(yield* redrawn(asks.slice(0, 1), asks), [false, false])
    assert.deepStrictEqual(yield* redrawn(asks, ["May I run rm?", "> 1. Yes", "  2. No"]), [false, true])
    assert.deepStrictEqual(yield* redrawn(asks, ["May I run ls?", "> 1. No", "  2. Yes"]), [false, true])
    const about = (...rows: ReadonlyArray<string>) => [...rows, "", "May I run it?", "> 1. Yes", "  2. No"]
    assert.deepStrictEqual(yield* redrawn(about("$ ls"), about("$ rm -rf /")), [false, true])
    assert.deepStrictEqual(yield* redrawn(about("\u280b Asking (9 s)", "$ ls"), about("\u2819 Asking (10 s)", "$ ls")), [false, false])
    assert.deepStrictEqual(yield* redrawn(about("$ ls").slice(0, 3), about("$ ls")), [false, false])
    // Claude Code's mark of a tool that waits goes on and off above the dialog.
    const framed = (mark: string, command: string) =>
      about(`${mark} Running ${command}`, "─".repeat(40), " Bash", "╌".repeat(40), ` ${command}`)
    assert.deepStrictEqual(yield* redrawn(framed("●", "ls"), framed(" ", "ls")), [false, false])
    assert.deepStrictEqual(yield* redrawn(framed("●", "ls"), framed("●", "rm")), [false, true])
    assert.deepStrictEqual(yield* redrawn(about("● Running ls", "$ ls"), about("  Running ls", "$ ls")), [false, false])
  })
)

/** The activities that the witness reports of these looks at an agent that its protocol calls idle. `becomes`: what the session knows after the first. */
const reportedOfIdle = (looks: ReadonlyArray<ReadonlyArray<string>>, becomes: object, rules: ReadonlyArray<Rule> = pickers) =>
  Effect.gen(function* () {
    const reports: Array<Report> = []
    let known: object = { activity: { source: "protocol", value: "idle", question: null }, doubt: null }
    const witnessing = {
      ...{ session: "s", generation: 1, news: makeNews(), isFresh: false, recognise: () => ({ hash: "" }), from: () => 0 },
      context: () => ({ ...known, spec: { size: { cols: 80, rows: 24 } } }),
      tell: (report: Report) => {
        reports.push(report)
        known = { ...known, ...becomes }
        return Deferred.makeUnsafe()
      }
    } as unknown as Witnessing
    const seen = Stream.fromIterable(looks.map((lines, index) => ({ lines, highlights: [], offset: index + 1 })))
    const screen = { screen: () => seen } as unknown as Evidence["Service"]
    const output = { end: () => Effect.succeed(looks.length), beyond: () => Effect.never } as unknown as Output["Service"]
    yield* witnessScreen(witnessing, rules).pipe(
      Effect.scoped,
      Effect.provideService(Evidence, screen),
      Effect.provideService(Output, output)
    )
    return reports.flatMap((report) => (report.type === "ActivityObserved" ? [report.activity] : []))
  })

const pickers: ReadonlyArray<Rule> = [
  { pattern: "^Select a model$", activity: "waiting", question: "input" },
  { pattern: "^Working$", activity: "working" }
]

const picker = ["Select a model", "  small", "❯ large"]

it.live("the witness reports a dialog that a person opens while the protocol says idle, and the end of the dialog", () =>
  Effect.gen(function* () {
    const doubted = { doubt: { source: "screen", value: "waiting" } }
    assert.deepStrictEqual(yield* reportedOfIdle([picker, ["> "]], doubted), ["waiting", "idle"])
    const counted = { activity: { source: "screen", value: "waiting", question: "Select a model" } }
    assert.deepStrictEqual(yield* reportedOfIdle([picker, ["> "]], counted), ["waiting", "idle"])
  })
)

it.live("the witness reports nothing else of the screen while the protocol says idle", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* reportedOfIdle([["Working"], ["> "], ["Working"]], {}), [])
  })
)

it.live("the witness reports no dialog that the conversation of an idle agent quotes", () =>
  Effect.gen(function* () {
    for (const agent of agentNames)
      for (const version of recorded[agent]) {
        const { lines } = keptScreen(fileOf(agent, version, "quoted"))
        assert.match(lines.join("\n"), /Press\s+Enter/)
        assert.deepStrictEqual(yield* reportedOfIdle([lines, lines], {}, providers.get(agent)!.evidence.screen), [], `${agent} ${version}`)
      }
  })
)
