/** A configuration for OPENCODE_CONFIG, and the plugin that it names: reports what opencode's event bus reports, by calling our program. */
import type { Callback, PrivateFile } from "./index.ts"
import { telling } from "./telling.ts"

export const opencodeFiles = ({ directory, hook }: Callback): ReadonlyArray<PrivateFile> => [
  { name: "opencode.json", text: `${JSON.stringify({ plugin: [`file://${encodeURI(directory)}/reprise.js`] })}\n` },
  { name: "reprise.js", text: plugin(hook) }
]

/**
 * A message comes many times while it grows: it is reported when a person wrote it, and when an answer is complete. A state is reported
 * when it changes, and the end of a turn with the error that came before it.
 */
const plugin = (hook: ReadonlyArray<string>) => `${telling(hook)}
const events = new Set(${JSON.stringify(events)})
const children = new Set()
const complete = new Set()
const errors = new Map()
const states = new Map()
export const Reprise = async () => ({
  event: async ({ event }) => {
    try {
      const { properties, type } = event
      const info = properties?.info
      const session = properties?.sessionID ?? info?.sessionID ?? info?.id
      if (type.startsWith("session.") && info?.parentID) children.add(info.id)
      if (!events.has(type)) return
      if (type === "message.updated") {
        if (complete.has(info.id) || (info.role === "assistant" && !info.time?.completed)) return
        complete.add(info.id)
      }
      if (type === "session.error") errors.set(session, properties.error)
      if (type === "permission.replied" && properties.reply === "reject") errors.set(session, { name: "PermissionRejected" })
      let ending = {}
      if (type === "session.status") {
        const state = properties.status.type
        ending = state === "idle" ? { error: errors.get(session) } : {}
        errors.delete(session)
        if (states.get(session) === state) return
        states.set(session, state)
      }
      tell(type, { ...properties, ...ending, subagent: children.has(session) })
    } catch (error) {
      tellFault(event?.type, error)
    }
  }
})
`

const events = [
  "session.created",
  "session.status",
  "session.error",
  "session.compacted",
  "permission.asked",
  "permission.updated",
  "permission.replied",
  "question.asked",
  "question.replied",
  "question.rejected",
  "message.updated"
]
