/** Defects in what is typed and signalled. */
import { Effect } from "effect"
import type { HolderLink, Runtime } from "../../src/infra/runtimes/runtime.ts"
import type { Mutants } from "./mutants.ts"

const linked =
  (bend: (link: HolderLink) => Partial<HolderLink>) =>
  (runtime: Runtime["Service"]): Runtime["Service"] => ({
    ...runtime,
    connect: (ref, epoch, after) => Effect.map(runtime.connect(ref, epoch, after), (link) => ({ ...link, ...bend(link) }))
  })
const planted = (bend: (link: HolderLink) => Partial<HolderLink>) => () => ({ bendRuntime: linked(bend) })

export const typingMutants: Mutants = {
  /** Once is never enough. */
  submitTwice: planted((link) => ({
    submit: (writeId, text, ms, may) => Effect.andThen(link.submit(`${writeId}.again`, text, ms, may), link.submit(writeId, text, ms, may))
  })),
  /** Enter is pressed again where it is not known. */
  resubmitOnDoubt: planted((link) => ({
    submit: (writeId, text, ms, may) =>
      Effect.flatMap(link.submit(writeId, text, ms, may), (submitted) =>
        submitted.outcome === "uncertain" ? link.submit(`${writeId}.again`, text, ms, may) : Effect.succeed(submitted)
      )
  })),
  /** An answer is thought over. */
  answerLate: planted((link) => ({
    write: (writeId, bytes) => Effect.delay(link.write(writeId, bytes), writeId.startsWith("p") ? 25_000 : 0)
  })),
  /** The holder is not asked: it will have been written. */
  assumeWritten: planted(() => ({ writeOutcome: () => Effect.succeed({ outcome: "written" }) })),
  /** Nor here: it will not have been. */
  assumeNotWritten: planted(() => ({ writeOutcome: () => Effect.succeed({ outcome: "not_written" }) })),
  /** The end of a long text is lost. */
  cutTexts: planted((link) => ({ submit: (writeId, text, ms, may) => link.submit(writeId, text.subarray(0, 100), ms, may) })),
  /** What is written is not what was said. */
  wrongText: () => ({
    bendTexts: (texts) => ({ ...texts, read: (hash) => Effect.map(texts.read(hash), (text) => `${text}!`) })
  }),
  /** Stopping is killing. */
  killAtOnce: planted((link) => ({ runLadder: () => link.runLadder("kill") })),
  /** No holder climbs the ladder: the sweep at the end does it all. */
  noLadder: planted(() => ({ runLadder: () => Effect.void })),
  /** An exit is never acknowledged, and its holder waits. */
  acknowledgeNothing: () => ({
    bendRuntime: (runtime) => ({ ...linked(() => ({ acknowledgeExit: Effect.void }))(runtime), discard: () => Effect.void })
  })
}
