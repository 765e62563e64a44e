/** Attacks of agents by files: those of their own session and launches, and those that their providers write. */
import type { Attack } from "./attack.ts"
import { launches } from "./files-launches.ts"
import { sessions } from "./files-sessions.ts"
import { transcripts } from "./files-transcripts.ts"

export const files: ReadonlyArray<Attack> = [...transcripts, ...sessions, ...launches]
