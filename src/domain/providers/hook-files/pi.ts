/** An extension for `pi -e`: reports what pi does, by calling our program. */
import type { Callback, PrivateFile } from "./index.ts"
import { telling } from "./telling.ts"

export const piFiles = ({ hook }: Callback): ReadonlyArray<PrivateFile> => [{ name: "reprise.ts", text: extension(hook) }]

const extension = (hook: ReadonlyArray<string>) => `${telling(hook)}
export default (pi) => {
  const on = (event, words) => pi.on(event, (occurred, ctx) => {
    try {
      const { sessionManager } = ctx
      const session = { sessionId: sessionManager.getSessionId(), sessionFile: sessionManager.getSessionFile() ?? null }
      tell(event, { ...session, ...words(occurred, ctx) })
    } catch (error) {
      tellFault(event, error)
    }
  })
  const nothing = () => ({})
  on("session_start", ({ reason }, ctx) => {
    // The composer takes Enter a moment after the session starts.
    setTimeout(() => {
      try {
        if (ctx.isIdle()) tell("ready", { sessionId: ctx.sessionManager.getSessionId() })
      } catch (error) {
        tellFault("ready", error)
      }
    }, 300)
    return { reason }
  })
  on("input", ({ source, text }) => ({ source, text }))
  on("agent_start", nothing)
  // A failed try is followed by another: how it went counts when all is settled.
  let ending = {}
  pi.on("agent_end", ({ messages }) => {
    const answer = messages?.findLast(({ role }) => role === "assistant")
    ending = { stopReason: answer?.stopReason ?? null, errorMessage: answer?.errorMessage ?? null }
  })
  on("agent_settled", () => ending)
  on("session_before_compact", nothing)
  on("session_compact", nothing)
}
`
