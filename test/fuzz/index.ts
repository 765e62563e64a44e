/** Every fuzz target, in the order in which `npm run fuzz` runs them. */
import { databases } from "./databases.ts"
import { hooks } from "./hooks.ts"
import { http } from "./http.ts"
import { journals } from "./journals.ts"
import { segments } from "./segments.ts"
import type { Target } from "./target.ts"
import { terminal } from "./terminal.ts"
import { websocket } from "./websocket.ts"

export const allTargets: ReadonlyArray<Target> = [http, websocket, terminal, hooks, journals, segments, databases]
