import { Schema } from "effect"

/** The address is reachable from other machines, and nobody asked for that in so many words. */
export class NotLoopback extends Schema.TaggedError<NotLoopback>()("NotLoopback", { host: Schema.String }) {
  override get message() {
    return `${this.host} is reachable from other machines, and whoever has the token can run commands here; say --allow-remote if that is meant`
  }
}
