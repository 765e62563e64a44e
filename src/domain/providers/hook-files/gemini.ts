/** Settings for GEMINI_CLI_SYSTEM_SETTINGS_PATH: every hook runs our program, and whatever becomes of that, the agent goes on. */
import { quoted } from "../shell.ts"
import type { Callback, PrivateFile } from "./index.ts"

export const geminiFiles = ({ hook }: Callback): ReadonlyArray<PrivateFile> => [
  {
    name: "settings.json",
    text: `${JSON.stringify({
      hooksConfig: { enabled: true },
      hooks: Object.fromEntries(events.map((name) => [name, [{ hooks: [entry(hook, name)] }]]))
    })}\n`
  }
]

/** Those of the model run for every piece of an answer, and slow it down. */
const events = ["SessionStart", "BeforeAgent", "AfterAgent", "AfterTool", "Notification", "SessionEnd"]

const timeoutMs = 10_000

/** It reads JSON from what a hook prints; an empty object says nothing. */
const entry = (hook: ReadonlyArray<string>, name: string) => ({
  name: `reprise-${name}`,
  type: "command",
  command: `${quoted([...hook, name])} >/dev/null 2>&1; echo '{}'`,
  timeout: timeoutMs
})
