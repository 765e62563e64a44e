/** Claude Code's hooks. An interrupted turn has none: another source must report its end. */
import { at, textAt } from "../json.ts"
import {
  being,
  blockedBy,
  conversation,
  idle,
  promptTaken,
  question,
  type Told,
  toolQuestion,
  turnEnded,
  waiting,
  working
} from "../observing.ts"

export const readClaudeCodeHook = (event: string, payload: unknown): Told => {
  const id = textAt(payload, "session_id")
  if (id === null) return null
  switch (event) {
    // The composer may not be there yet, so nothing is said of its activity.
    case "SessionStart":
      return [conversation(id, textAt(payload, "transcript_path"))]
    case "UserPromptSubmit":
      return byPerson(payload) ? [promptTaken(textAt(payload, "prompt")), working] : [working]
    case "PreToolUse":
      return asking.has(textAt(payload, "tool_name") ?? "") ? asked(payload) : [working]
    case "PermissionRequest":
      return asked(payload)
    case "PostToolUse":
    case "PostToolUseFailure":
    case "PermissionDenied":
      return [working]
    case "Notification":
      return notified(payload)
    case "PreCompact":
      return [being("compacting")]
    case "PostCompact":
      return []
    case "Stop":
      return [turnEnded("completed"), idle]
    case "StopFailure": {
      const code = textAt(payload, "error")
      const detail = textAt(payload, "error_details") ?? textAt(payload, "last_assistant_message") ?? code ?? ""
      return [turnEnded("failed", detail), ...blockedBy(code, detail), idle]
    }
    // The exit of the process says more; a cleared conversation starts a new one at once.
    case "SessionEnd":
    case "SubagentStart":
    case "SubagentStop":
      return []
    default:
      return null
  }
}

/** Tools whose whole work is to ask a person. */
const asking: ReadonlySet<string> = new Set(["AskUserQuestion", "ExitPlanMode"])

const asked = (payload: unknown): Told => {
  const tool = textAt(payload, "tool_name")
  return tool === null ? null : [waiting(toolQuestion(tool, at(payload, "tool_input")))]
}

/** Timers and background work wake it with prompts of their own. Versions that say nothing of a source know only people. */
const byPerson = (payload: unknown) => ["user", "sdk", null].includes(textAt(payload, "source"))

const notified = (payload: unknown): Told => {
  const message = textAt(payload, "message") ?? ""
  switch (textAt(payload, "notification_type")) {
    case "permission_prompt":
      return [waiting(question("permission", message))]
    case "elicitation_dialog":
      return [waiting(question("input", message))]
    case "idle_prompt":
      return [idle]
    case "auth_success":
      return []
    default:
      return null
  }
}
