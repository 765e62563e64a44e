import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Process, WorldClock } from "./world-clock.ts"

describe("a killed process of a modelled machine", () => {
  it("does nothing more, also where another process answers it", () => {
    const clock = new WorldClock()
    const [killed, living] = [new Process(clock), new Process(clock)]
    const answers: Array<() => void> = []
    const heard: Array<string> = []
    const ask = (by: string) =>
      Effect.callback<void>((resume) => {
        answers.push(() => resume(Effect.void))
      }).pipe(Effect.andThen(Effect.sync(() => heard.push(by))))
    Effect.runFork(ask("killed"), { scheduler: killed.scheduler })
    Effect.runFork(ask("living"), { scheduler: living.scheduler })
    clock.settle()
    assert.strictEqual(answers.length, 2)
    killed.kill()
    for (const answer of answers) answer()
    clock.settle()
    assert.deepStrictEqual(heard, ["living"])
  })
})
