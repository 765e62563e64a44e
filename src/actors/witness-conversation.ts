/** Which conversation an agent that does not say so writes to: the one whose files its own processes hold open. */
import { Effect } from "effect"
import { parentOf } from "../domain/decide/conversation.ts"
import { Evidence } from "../infra/evidence/evidence.ts"
import type { Witnessing } from "./witnesses.ts"

/** Looks when the session has learnt something, and not at all while nothing happens. */
export const witnessConversation = Effect.fnUntraced(function* ({ context, generation, news, tell }: Witnessing) {
  const { conversations } = yield* Evidence
  for (;;) {
    const { conversation, nonce, process } = context()
    if (process !== null && (conversation === null || conversation.id === null || conversation.transcript === null)) {
      const known = conversation?.id ?? null
      // A branch reads its parent's file. Side threads of its own (a title) are younger than the conversation, which is reported first.
      const parent = parentOf(context())
      const found = (yield* conversations({ process, nonce })).find(({ id }) => id !== parent && (known === null || id === known))
      if (found !== undefined) tell({ type: "ConversationObserved", generation, source: "protocol", ...found })
    }
    yield* Effect.andThen(news.next, Effect.sleep(settleMs))
  }
})

/** The file is made a moment after the word that it is about. */
const settleMs = 200
