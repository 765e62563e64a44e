/** Where an agent keeps the transcript of a conversation, as far as its name follows from rules alone. */
import type { Environment } from "../../environment.ts"
import type { TranscriptKind } from "./index.ts"

export interface TranscriptPlace {
  readonly directory: string
  /** A file of that directory, or, for `ending`, the one whose name ends so. */
  readonly name: { readonly type: "exact" | "ending"; readonly text: string }
}

/** `cwd`: absolute, links resolved; `environment`: the agent's own. Null: it does not follow from rules, and the agent must say. */
export const transcriptPlace = (
  kind: TranscriptKind,
  {
    conversation,
    cwd,
    environment,
    home
  }: { readonly conversation: string; readonly cwd: string; readonly environment: Environment; readonly home: string }
): TranscriptPlace | null => {
  switch (kind) {
    case "claude-code": {
      const project = cwd.replaceAll(/[^A-Za-z0-9]/g, "-")
      // A longer name is cut, and ends with a hash of the agent's own.
      if (project.length > longestProject) return null
      const base = environment.CLAUDE_CONFIG_DIR ?? `${home}/.claude`
      return { directory: `${base}/projects/${project}`, name: { type: "exact", text: `${conversation}.jsonl` } }
    }
    case "pi": {
      const base = environment.PI_CODING_AGENT_DIR ?? `${home}/.pi/agent`
      const project = cwd.replace(/^[/\\]/, "").replaceAll(/[/\\:]/g, "-")
      return { directory: `${base}/sessions/--${project}--`, name: { type: "ending", text: `_${conversation}.jsonl` } }
    }
    // A day of the calendar, a project's number: neither follows from the conversation.
    case "codex":
    case "gemini":
      return null
  }
}

const longestProject = 200

/** Directories that an agent of this kind keeps its conversations below. What it names elsewhere is another's file, and is not read. */
export const transcriptRoots = (kind: TranscriptKind, environment: Environment): ReadonlyArray<string> => {
  const home = environment.HOME ?? ""
  switch (kind) {
    case "claude-code":
      return [`${environment.CLAUDE_CONFIG_DIR ?? `${home}/.claude`}/projects`]
    case "codex": {
      const base = environment.CODEX_HOME ?? `${home}/.codex`
      return [`${base}/sessions`, `${base}/archived_sessions`]
    }
    case "gemini":
      return [`${environment.GEMINI_CLI_HOME ?? home}/.gemini/tmp`]
    case "pi":
      return [`${environment.PI_CODING_AGENT_DIR ?? `${home}/.pi/agent`}/sessions`]
  }
}
