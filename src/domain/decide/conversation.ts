/** Which conversation a launch begins with: the one that is there, a branch of another's, or a new one where nothing can be taken up. */
import type { Beginning } from "../facts.ts"
import { limits } from "../limits.ts"
import { isConversation } from "../providers/bounded.ts"
import { agentOf } from "../providers/index.ts"
import type { Provider } from "../providers/provider.ts"
import type { SessionContext } from "../session-context.ts"
import type { Situation } from "./verdict.ts"

/** Null where the provider knows no conversations. `history`: whether the known one's own file was found. */
export const beginningOf = ({ context, now }: Situation, history: boolean): Beginning | null => {
  const how = agentOf(context).conversation
  if (how === null) return null
  const id = how.named === "chosen" ? uuidOf(now.nonce) : null
  const fresh: Beginning = { kind: "fresh", id, parent: null }
  if (isPoisoned(context)) return fresh
  const { beginning, conversation: known } = context
  if (known !== null && known.id !== null && isConversation(known.id) && (known.begun || history || takesEither(how)))
    return { kind: "resume", id: known.id, parent: null }
  // Nothing was said yet: what the session was made to begin with still stands.
  return beginning === null ? fresh : { ...beginning, id: beginning.id ?? id }
}

/** Whose history the present launch branches off: read by it, and not its own. Null where it is no fork. */
export const parentOf = ({ beginning, conversation }: Pick<SessionContext, "beginning" | "conversation">): string | null =>
  conversation?.kind === "fork" ? (beginning?.parent ?? null) : null

/** It ended its agent within seconds, as often as that may be chance. */
export const isPoisoned = ({ conversation, poisoned }: SessionContext): boolean =>
  conversation !== null && (poisoned ?? 0) >= limits.poisonedResumes

/** Whether a prompt or a resume has something to go on with. */
export const isResumable = (context: SessionContext): boolean => agentOf(context).conversation !== null && context.conversation !== null

/** The same words begin a conversation and take it up. */
const takesEither = ({ fresh, resume }: NonNullable<Provider["conversation"]>) => fresh.join("\0") === resume.join("\0")

/** A UUID (version 4, RFC 9562) from the 128 random bits of the moment, so that a replay names the same conversation. */
export const uuidOf = (nonce: string): string => {
  const variant = "89ab"[Number.parseInt(nonce[16]!, 16) % 4]
  return `${nonce.slice(0, 8)}-${nonce.slice(8, 12)}-4${nonce.slice(13, 16)}-${variant}${nonce.slice(17, 20)}-${nonce.slice(20)}`
}
