/** What the daemon says of itself to every client that reaches it, and which providers it knows. */
import { Context } from "effect"

export class Daemon extends Context.Service<
  Daemon,
  {
    readonly version: string
    readonly epoch: number
    /** Whether an `Authorization` header holds the daemon's own token. */
    readonly isTrusted: (authorization: string | undefined) => boolean
  }
>()("reprise/http/Daemon") {}
