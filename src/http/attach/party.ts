/** The client at the other end of a terminal connection, and its session: what every part of the conversation knows. */
import type { Attachment } from "../../actors/sessions.ts"
import type { Size } from "../../domain/spec.ts"
import type { AttachMode } from "../contract/terminal.ts"

export interface Party {
  readonly id: string
  readonly mode: AttachMode
  /** This connection, among those of its session. */
  readonly client: string
  readonly attachment: Attachment
  readonly by: string
  /** The size of the client's terminal, where it says so from the beginning. */
  readonly own: Size | null
}
