/** Launches find a holder booted already while they are frequent; a daemon that has launched nothing for a while keeps none. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect, FiberHandle } from "effect"
import { fileNames } from "../holder/launch-directory.ts"
import { type Spare, startHolder, startSpare } from "./holder-process.ts"

/** Starts a holder of this program for this launch: the spare where there is one, else a new process. Ends with the scope. */
export const makeHolderStart = Effect.gen(function* () {
  let spare: Spare | null = null
  let underWay = 0
  const upkeep = yield* FiberHandle.make<void>()
  const dismiss = () => {
    spare?.dismiss()
    spare = null
  }
  yield* Effect.addFinalizer(() => Effect.sync(dismiss))

  /** Not beside a launch: the next one's start would take the time of this one's. */
  const keep = Effect.fnUntraced(function* (program: string) {
    yield* Effect.sleep(calmMs)
    if (spare?.waits() !== true) spare = startSpare(program)
    yield* Effect.sleep(keptMs)
    dismiss()
  })

  /** The spare is used up by being asked for. One that is of another build goes. */
  const take = (program: string): Spare | null => {
    const found = spare
    if (found?.program !== program) dismiss()
    spare = null
    return found?.program === program && found.waits() ? found : null
  }

  const start = Effect.fnUntraced(function* (program: string, directory: string) {
    const found = take(program)
    if (found !== null) {
      yield* found.tell(directory)
      // Without a claim it has died before it was a session's holder. With one it serves, or the claim shows what became of it.
      if (existsSync(join(directory, fileNames.owner))) return
    }
    yield* startHolder(program, directory)
  })

  return (program: string, directory: string) =>
    Effect.acquireUseRelease(
      Effect.suspend(() => {
        underWay += 1
        return FiberHandle.clear(upkeep)
      }),
      () => start(program, directory),
      () =>
        Effect.suspend(() => {
          underWay -= 1
          return underWay === 0 ? FiberHandle.run(upkeep, keep(program)) : Effect.void
        })
    )
})

/** From a launch to the start of the spare for the next: the agent's own start comes first. */
const calmMs = 100
/** About 10 MB of memory for as long as a client is at work. */
const keptMs = 600_000
