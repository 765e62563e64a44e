/** A row of the log as clients see it. */

import type { Entry } from "../infra/log/event-store.ts"
import type { LoggedEvent } from "./contract/events.ts"

export const eventOf = (entry: Entry): LoggedEvent => ({
  position: entry.position,
  seq: entry.seq,
  session: entry.stream as LoggedEvent["session"],
  generation: entry.generation,
  type: entry.type,
  at: new Date(entry.wallMs).toISOString(),
  inputId: entry.inputId,
  data: entry.data,
  stateHash: entry.stateHash
})
