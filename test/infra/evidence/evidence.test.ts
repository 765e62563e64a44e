/** The sources together, as an actor has them: real processes, files and output. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { Evidence } from "../../../src/infra/evidence/evidence.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { Emulators } from "../../../src/infra/screens/emulators.ts"
import { Screens } from "../../../src/infra/screens/screens.ts"
import { launched, temporaryDirectory } from "./launched.ts"

describe("evidence of a launch", () => {
  it.live("comes from its status file, its open files, its transcript, its hooks' spool and its screen", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      const id = "01a1fbf6-fb31-71b1-b1de-03241f012080"
      const transcript = join(home, "sessions", `rollout-x-${id}.jsonl`)
      const spool = join(home, "spool")
      const call = { id: "a", generation: 1, event: "Stop", payload: null, at: 1 }
      mkdirSync(join(home, ".claude", "sessions"), { recursive: true })
      mkdirSync(join(home, "sessions"))
      writeFileSync(transcript, "line\n")
      writeFileSync(spool, `${JSON.stringify(call)}\n`)
      const launch = yield* launched(`exec 3>>'${transcript}'; echo; exec sleep 60`, "evidence-1")
      const status = { pid: launch.pid, procStart: String(launch.process.startTime), status: "idle" }
      writeFileSync(join(home, ".claude", "sessions", `${launch.pid}.json`), JSON.stringify(status))

      const layer = Layer.provide(
        Evidence.layer(home),
        Layer.provideMerge(Layer.provideMerge(Screens.layer, Emulators.layer), Output.layer({ home }))
      )
      yield* Effect.gen(function* () {
        const evidence = yield* Evidence
        const first = <A>(stream: Stream.Stream<A>) => Effect.map(Stream.runCollect(Stream.take(stream, 1)), ([one]) => one)
        const [conversation] = yield* evidence.conversations(launch)
        assert.deepStrictEqual(conversation, { id, transcript })
        assert.deepStrictEqual(yield* first(evidence.transcript(transcript, 0)), { _tag: "Lines", from: 0, to: 5, lines: ["line"] })
        assert.deepStrictEqual((yield* first(evidence.spool(spool, 0)))?.calls, [call])
        assert.deepInclude(yield* first(evidence.status({ HOME: home }, launch)), { type: "Activity", activity: "idle" })
        assert.deepInclude(yield* first(evidence.screen("s-000000000000", { cols: 9, rows: 2 }, null)), { lines: ["", ""], offset: 0 })
      }).pipe(Effect.provide(Layer.fresh(layer)))
    }).pipe(Effect.scoped)
  )
})
