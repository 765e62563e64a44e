/** The machine by itself: the shortest sequence of facts to each of its states leads there again when it is replayed. */
import { assert, describe, it } from "@effect/vitest"
import { getShortestPaths } from "xstate/graph"
import type { Fact } from "../../src/domain/facts.ts"
import { machine } from "../../src/domain/machine.ts"
import {
  apply,
  canonical,
  fromCheckpoint,
  insideOf,
  lifeOf,
  open,
  replay,
  type Session,
  stateName,
  stoppingOf,
  toCheckpoint
} from "../../src/domain/session.ts"
import { facts } from "../support/facts.ts"

const [created, ...rest] = facts()
assert(created?.type === "SessionCreated")
/** Only what moves the machine: the rest changes its memory, and would not lead anywhere new. */
const still = new Set([
  "SessionPatched",
  "Resized",
  "AgentSuspended",
  "AgentContinued",
  "EchoTurnedOff",
  "EchoTurnedOn",
  "ContinueRequested",
  "TypingBegan",
  "TypingEnded",
  "ToolKillRequested",
  "ToolKilled",
  "LeftoversEnded",
  "ClientAttached",
  "ClientDetached",
  "InputAccepted",
  "InputWritten",
  "InputFailed",
  "OutputDropped",
  "ClockRebased",
  "ActivityConfirmed",
  "ActivityDoubted",
  "TurnEnded",
  "TurnAbandoned",
  "ConversationKnown",
  "ConversationRefused",
  "ConversationAbandoned",
  "TranscriptRead",
  "TranscriptUnreadable",
  "AgentBlocked",
  "MessageUnknown",
  "StateReported",
  "InterruptSettled"
])
const alphabet = rest.filter(({ type }) => !still.has(type))
const place = (session: Session) => `${lifeOf(session)}/${insideOf(session)}/${stoppingOf(session)}`

const paths = getShortestPaths(machine, {
  input: created,
  events: alphabet,
  serializeState: (snapshot) => place(snapshot as Session),
  limit: 10_000
})

describe("the machine", () => {
  it("has a path to each of its states, alone and with each stage of a stop", () => {
    const live = ["starting", "resuming"].flatMap((life) =>
      ["preparing", "launching", "booting", "reaping"].map((inside) => `${life}/${inside}`)
    )
    const up = ["unknown", "idle", "working", "waiting", "compacting", "reaping"].map((inside) => `streaming/${inside}`)
    const stopped = [...live, ...up].flatMap((state) => ["none", "asked", "hungUp", "killed"].map((stop) => `${state}/${stop}`))
    const over = ["ended/resting/none", "ended/backingOff/none", "ended/givenUp/none", "ended/archived/none", "terminated/terminated/none"]
    assert.sameMembers(
      paths.map(({ state }) => place(state as Session)),
      [...stopped, ...over]
    )
  })

  for (const path of paths) {
    const history = path.steps.slice(1).map(({ event }) => event as Fact)
    it(`replays ${history.map(({ type }) => type).join(" → ") || "its first fact"} to ${stateName(path.state as Session)}`, () => {
      const replayed = replay([created, ...history])
      // The place, not the memory: the search keeps one memory for all histories that end in one place.
      assert.strictEqual(place(replayed), place(path.state as Session))
      assert.strictEqual(canonical(fromCheckpoint(toCheckpoint(replayed))), canonical(replayed))
    })
  }

  it("refuses by name a fact that is not legal, and is left as it was", () => {
    const session = open(created)[0]
    const before = canonical(session)
    assert.throws(
      () => apply(session, alphabet.find(({ type }) => type === "AgentReady")!),
      "AgentReady is not legal in starting/preparing"
    )
    assert.throws(() => apply(session, created), "SessionCreated is not legal in starting/preparing")
    assert.throws(() => replay(alphabet), "is not legal in an empty stream")
    assert.throws(() => replay([]), "nothing is not legal in an empty stream")
    assert.strictEqual(canonical(session), before)
  })
})
