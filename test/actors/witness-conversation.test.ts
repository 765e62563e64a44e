/** Which of the conversations that an agent's processes hold open is its own. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { makeNews } from "../../src/actors/news.ts"
import { witnessConversation } from "../../src/actors/witness-conversation.ts"
import type { Witnessing } from "../../src/actors/witnesses.ts"
import type { Report } from "../../src/domain/inputs.ts"
import { Evidence } from "../../src/infra/evidence/evidence.ts"

const told = (context: object) =>
  Effect.gen(function* () {
    const reports: Array<Report> = []
    const open = [
      { id: "c0", transcript: "/c0" },
      { id: "c1", transcript: "/c1" },
      { id: "c2", transcript: "/c2" }
    ]
    const witnessing = {
      context: () => ({ process: {}, nonce: "", beginning: null, ...context }),
      generation: 1,
      news: makeNews(),
      tell: (report: Report) => {
        reports.push(report)
        return Deferred.makeUnsafe()
      }
    } as unknown as Witnessing
    yield* witnessConversation(witnessing).pipe(
      Effect.provideService(Evidence, { conversations: () => Effect.succeed(open) } as unknown as Evidence["Service"]),
      Effect.timeoutOption("50 millis")
    )
    return reports.map((report) => (report.type === "ConversationObserved" ? report.id : report.type))
  })

describe("an agent that does not name its conversation", () => {
  it.live("is in the oldest that it holds, or in the one that it is known to be in", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* told({ conversation: null }), ["c0"])
      assert.deepStrictEqual(yield* told({ conversation: { kind: "resume", id: "c2", transcript: null } }), ["c2"])
      assert.deepStrictEqual(yield* told({ conversation: { kind: "resume", id: "c2", transcript: "/c2" } }), [])
    })
  )

  it.live("is in none that it only branches off", () =>
    Effect.gen(function* () {
      const branch = { conversation: { kind: "fork", id: null, transcript: null }, beginning: { kind: "fork", id: null, parent: "c0" } }
      assert.deepStrictEqual(yield* told(branch), ["c1"])
    })
  )
})
