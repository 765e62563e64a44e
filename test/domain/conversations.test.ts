/** Which conversation a launch begins with: the one that is there, a branch of another's, or a new one, and never one that kills. */
import { assert, describe, it } from "@effect/vitest"
import type { Input } from "../../src/domain/inputs.ts"
import { limits } from "../../src/domain/limits.ts"
import { open, type Session } from "../../src/domain/session.ts"
import { view } from "../../src/domain/view.ts"
import {
  always,
  at,
  cleared,
  due,
  exited,
  going,
  having,
  id,
  idle,
  named,
  never,
  prepared,
  prompt,
  resume,
  running,
  spawned,
  stop,
  talking,
  talksIn,
  transcribed,
  typed,
  up,
  when,
  working
} from "../support/domain.ts"

const uuid = "01234567-89ab-4def-8123-456789abcdef"
const other = "fedcba98-7654-4210-bedc-ba9876543210"
const anew = { nonce: "fedcba9876543210fedcba9876543210" }
const crash = (generation = 1) => [exited(1, null, generation), cleared(generation)] as const

/** Given at `ms`, one after the other. */
const then = (session: Session, ms: number, ...inputs: ReadonlyArray<Input>): Session =>
  going(session, ...late(inputs, ms).map((input) => [input, at(ms)] as const))

/** Launched again by a person, and gone after `livedMs`. */
const relaunched = (session: Session, generation: number, livedMs: number): Session => {
  const ms = generation * 100_000
  const launched = then(session, ms, resume, prepared(generation), spawned(generation))
  return then(launched, ms + livedMs, ...crash(generation))
}
/** As the holder reports them at `ms`. */
const late = (entries: ReadonlyArray<Input>, ms: number): ReadonlyArray<Input> =>
  entries.map((input) => (input.type === "HolderReported" ? { ...input, entry: { ...input.entry, wallMs: 1_000_000 + ms } } : input))
const spoken = () => having(named("chosen"), ...talking, working(), ...crash())

describe("a conversation", () => {
  it("that we name is a UUID of version 4, made from the nonce of its launch", () => {
    when(having(named("chosen")), prepared()).then({ type: "LaunchIntended", conversation: { kind: "fresh", id: uuid, parent: null } })
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    for (let digit = 0; digit < 16; digit++) {
      const nonce = digit.toString(16).repeat(32)
      const intended = when(having(named("chosen")), prepared(), at(0, { nonce })).then({ type: "LaunchIntended" })
      assert.match(intended.context.conversation?.id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })

  it("that the agent names has no name until it says so, and is resumed under that one", () => {
    const launched = when(having(named("reported")), prepared()).then({
      type: "LaunchIntended",
      conversation: { kind: "fresh", id: null, parent: null }
    })
    const told = when(going(launched, spawned(), idle(), working()), talksIn("c1", "/t.jsonl")).then({
      type: "ConversationKnown",
      id: "c1",
      transcript: "/t.jsonl",
      source: "hook"
    })
    when(told, talksIn("c1")).ignored("unchanged")
    when(told, talksIn("c1", "/t.jsonl")).ignored("unchanged")
    when(going(told, ...crash(), resume), prepared(2)).then({
      type: "LaunchIntended",
      conversation: { kind: "resume", id: "c1", parent: null }
    })
  })

  it("is another one when the agent says so, and nothing was said in that yet", () => {
    const before = having(named("reported"), ...talking, working(), talksIn("c1", "/1.jsonl"))
    const cleaned = when(before, talksIn("c2")).then({ type: "ConversationKnown", id: "c2" })
    assert.deepInclude(cleaned.context.conversation, { id: "c2", begun: false, transcript: null })
  })

  it("that another live session has is refused once, and changes nothing", () => {
    const claiming = { ...talksIn("c9"), heldBy: "s-other" }
    const before = having(named("reported"), ...talking, talksIn("c1"))
    const refused = when(before, claiming).then({ type: "ConversationRefused", id: "c9", heldBy: "s-other" })
    assert.deepStrictEqual(refused.context.conversation, before.context.conversation)
    assert.include(refused.context.notice, "s-other")
    when(refused, claiming).ignored("repeated")
    when(refused, { ...talksIn("c1"), heldBy: "s-other" }).ignored("unchanged")
    when(refused, talksIn("c9")).then({ type: "ConversationKnown", id: "c9" })
  })

  it("is resumed once anything was said in it, whichever source reported that", () => {
    const saying: ReadonlyArray<ReadonlyArray<Input>> = [
      [working()],
      [transcribed(0, 90)],
      [prompt("p"), typed("p"), { type: "PromptObserved", generation: 1, source: "hook", detail: "taken" }]
    ]
    for (const said of saying)
      when(having(named("chosen"), ...talking, ...said, ...crash(), resume), prepared(2), at(0, anew)).then({
        type: "LaunchIntended",
        conversation: { kind: "resume", id: uuid, parent: null }
      })
  })

  it("in which nothing was said is not resumed, unless its file was found", () => {
    const silent = having(named("chosen"), ...talking, ...crash(), resume)
    when(silent, prepared(2), at(0, anew)).then({ type: "LaunchIntended", conversation: { kind: "fresh", id: other, parent: null } })
    when(silent, prepared(2, false), at(0, anew)).then({
      type: "LaunchIntended",
      conversation: { kind: "fresh", id: other, parent: null }
    })
    when(silent, prepared(2, true), at(0, anew)).then({ type: "LaunchIntended", conversation: { kind: "resume", id: uuid, parent: null } })
  })

  it("that the session was made to branch off is branched off until something was said in the branch", () => {
    const created = { type: "SessionCreated", at: 0, offset: 0, id, spec: named("chosen"), by: "ada" } as const
    const beginning = { kind: "fork", id: null, parent: "c0" } as const
    const branch = when(open({ ...created, beginning })[0], prepared()).then({
      type: "LaunchIntended",
      conversation: { kind: "fork", id: uuid, parent: "c0" }
    })
    when(going(branch, spawned()), talksIn("c0")).ignored("not_now")
    when(going(branch, spawned()), talksIn("c1")).then({ type: "ConversationKnown", id: "c1" })
    const again = going(branch, spawned(), idle(), ...crash(), resume)
    when(again, prepared(2), at(0, anew)).then({ type: "LaunchIntended", conversation: { kind: "fork", id: other, parent: "c0" } })
    const said = going(branch, spawned(), working(), ...crash(), resume)
    when(said, prepared(2), at(0, anew)).then({ type: "LaunchIntended", conversation: { kind: "resume", id: uuid, parent: null } })
  })

  it("is nothing that a plain command has", () => {
    assert.isNull(running().context.conversation)
    const [intended] = (({ decided }) => (decided._tag === "Accepted" ? decided.steps : []))(
      when(having(named("chosen", { provider: "command" })), prepared())
    )
    assert.notProperty(intended?.fact, "conversation")
  })
})

describe("a conversation that ends its agent within seconds of being resumed", () => {
  it("is left after the second time, for a new one that says which it replaces", () => {
    const twice = relaunched(relaunched(spoken(), 2, 4_999), 3, 0)
    assert.strictEqual(twice.context.poisoned, limits.poisonedResumes)
    const third = when(then(twice, 400_000, resume), prepared(4), at(400_000, anew)).then(
      { type: "ConversationAbandoned", id: uuid, launches: 2 },
      { type: "LaunchIntended", conversation: { kind: "fresh", id: other, parent: null } }
    )
    assert.strictEqual(view(third, 0).conversation?.replaces, uuid)
    const spokenAgain = then(third, 400_000, spawned(4), working(4), ...crash(4), resume)
    const resumed = when(spokenAgain, prepared(5), at(500_000)).then({
      type: "LaunchIntended",
      conversation: { kind: "resume", id: other, parent: null }
    })
    assert.strictEqual(view(resumed, 0).conversation?.replaces, uuid)
  })

  it("is also left when keepalive brings it back, not a person", () => {
    const restless = { keepalive: { ...always, baseMs: 100, maxAttempts: 10 } }
    let session = having(named("chosen", restless), ...talking, working(), ...crash())
    for (const generation of [2, 3]) {
      const ms = generation * 100_000
      session = then(session, ms, due, prepared(generation), spawned(generation), ...crash(generation))
    }
    when(then(session, 400_000, due), prepared(4), at(400_000, anew)).then({ type: "ConversationAbandoned" }, { type: "LaunchIntended" })
  })

  it("is kept when it lived for longer in between", () => {
    const kept = relaunched(relaunched(relaunched(spoken(), 2, 4_999), 3, 5_000), 4, 4_999)
    assert.strictEqual(kept.context.poisoned, 1)
    when(then(kept, 500_000, resume), prepared(5), at(500_000)).then({
      type: "LaunchIntended",
      conversation: { kind: "resume", id: uuid, parent: null }
    })
  })

  it("is not blamed for a stop", () => {
    const stopped = then(relaunched(spoken(), 2, 10), 300_000, resume, prepared(3), spawned(3), stop, ...crash(3))
    assert.strictEqual(stopped.context.poisoned, 1)
  })

  it("is not blamed for the end of a launch that began another one", () => {
    assert.isNull(having(named("chosen"), prepared(), spawned(), ...crash()).context.poisoned)
    assert.isNull(
      having(named("chosen", { keepalive: never, provider: "command" }), ...up, ...crash(), resume, prepared(2), spawned(2), ...crash(2))
        .context.poisoned
    )
  })
})
