/** Gemini's hooks. `AfterAgent` comes after every turn, also after one that was cancelled or failed. */
import { at, textAt } from "../json.ts"
import { conversation, idle, promptTaken, question, type Told, turnEnded, waiting, working } from "../observing.ts"

export const readGeminiHook = (event: string, payload: unknown): Told => {
  const id = textAt(payload, "session_id")
  if (id === null) return null
  switch (event) {
    case "SessionStart":
      return [conversation(id, textAt(payload, "transcript_path") || null)]
    case "BeforeAgent":
      return [promptTaken(textAt(payload, "prompt")), working]
    case "AfterAgent":
      return [turnEnded(textAt(payload, "prompt_response") ? "completed" : "interrupted"), idle]
    case "BeforeTool":
    case "AfterTool":
      return [working]
    case "Notification":
      return textAt(payload, "notification_type") === "ToolPermission" ? [waiting(asked(payload))] : null
    // It fires twice; the exit of the process says more.
    case "SessionEnd":
    // In every turn, whether or not it compresses anything.
    case "PreCompress":
    case "BeforeModel":
    case "AfterModel":
    case "BeforeToolSelection":
      return []
    default:
      return null
  }
}

const asked = (payload: unknown) => {
  const details = at(payload, "details")
  const words = [textAt(details, "title"), textAt(details, "command") ?? textAt(details, "filePath") ?? textAt(details, "prompt")]
  const text = words.filter((word) => word !== null && word !== "").join(": ")
  return question("permission", text === "" ? (textAt(payload, "message") ?? "") : text)
}
