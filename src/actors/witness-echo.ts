/** Reports when the session's terminal echoes again, or is raw: the prompts that wait for it can be typed then. */
import { Effect } from "effect"
import { limits } from "../domain/limits.ts"
import type { Witnessing } from "./witnesses.ts"

/** Looks while a prompt waits for the echo, and not at all otherwise. */
export const witnessEcho = Effect.fnUntraced(function* ({ context, generation, news, obstacle, tell }: Witnessing) {
  for (;;) {
    const { echoOffAt, prompts } = context()
    if (echoOffAt == null || !prompts.some(({ stage }) => stage === "queued")) {
      yield* news.next
      continue
    }
    yield* Effect.sleep(limits.echoLookMs)
    // While the connection is gone, the next one looks.
    const why = yield* Effect.orElseSucceed(obstacle, () => "echo_off" as const)
    if (why !== "echo_off") tell({ type: "EchoObserved", generation, echo: true })
  }
})
