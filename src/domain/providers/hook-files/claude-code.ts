/** Settings for `claude --settings`: every hook runs our program, and whatever becomes of that, the agent goes on. */
import { quoted } from "../shell.ts"
import type { Callback, PrivateFile } from "./index.ts"

export const claudeCodeFiles = ({ hook }: Callback): ReadonlyArray<PrivateFile> => [
  {
    name: "settings.json",
    text: `${JSON.stringify({ hooks: Object.fromEntries(events.map((event) => [event.name, [entry(hook, event)]])) })}\n`
  }
]

/** They run before the agent goes on, so that they arrive in the order in which they happened. */
const events: ReadonlyArray<{ readonly name: string; readonly matcher?: string }> = [
  { name: "SessionStart" },
  { name: "UserPromptSubmit" },
  // Of the tools only those that ask: every hook costs a tool call the start of a program.
  { name: "PreToolUse", matcher: "AskUserQuestion|ExitPlanMode" },
  { name: "PermissionRequest" },
  // What was asked has been answered.
  { name: "PostToolUse" },
  { name: "PostToolUseFailure" },
  // A permission that is asked for was reported already, with more words.
  { name: "Notification", matcher: "idle_prompt|elicitation_dialog" },
  { name: "PreCompact" },
  { name: "Stop" },
  { name: "StopFailure" },
  { name: "SessionEnd" }
]

const timeoutSeconds = 10

/** What a hook prints becomes part of the conversation, and its exit code can forbid a tool: neither must ever be ours. */
const entry = (hook: ReadonlyArray<string>, { matcher, name }: (typeof events)[number]) => ({
  ...(matcher === undefined ? {} : { matcher }),
  hooks: [{ type: "command", command: `${quoted([...hook, name])} >/dev/null 2>&1 || true`, timeout: timeoutSeconds }]
})
