/** What the daemon says of itself to anybody who reaches it. */
import { Context } from "effect"

export class Daemon extends Context.Service<Daemon, { readonly version: string; readonly epoch: number }>()("reprise/http/Daemon") {}
