/** Follows the log of a daemon over Server-Sent Events, with the moment at which each event was seen. */
import { type ClientRequest, request } from "node:http"
import type { LoggedEvent, TestDaemon } from "../test/support/daemon.ts"

export interface Seen {
  readonly event: LoggedEvent
  /** Epoch milliseconds. */
  readonly seenAt: number
}

export interface EventClient extends Disposable {
  /** The first that fits of all that were and will be seen; fails after twenty seconds. */
  readonly until: (what: string, fits: (event: LoggedEvent) => boolean) => Promise<Seen>
}

/** Resolves when the stream is open; it begins at the log's beginning. */
export const eventsOf = (daemon: TestDaemon): Promise<EventClient> =>
  new Promise((resolve, reject) => {
    const all: Array<Seen> = []
    const watching = new Set<(seen: Seen) => void>()
    const asked: ClientRequest = request(`${daemon.url}/v1/events?after=0`, {
      headers: { authorization: `Bearer ${daemon.token}`, accept: "text/event-stream" }
    })
    const hear = (frame: string) => {
      if (!/^id:/m.test(frame)) return
      const event = JSON.parse(/^data: ?(.*)$/m.exec(frame)![1]!) as LoggedEvent
      const seen = { event, seenAt: performance.timeOrigin + performance.now() }
      all.push(seen)
      for (const watch of watching) watch(seen)
    }
    asked.on("response", (answer) => {
      let text = ""
      answer.setEncoding("utf8")
      answer.on("data", (piece: string) => {
        const frames = (text + piece).split("\n\n")
        text = frames.pop()!
        for (const frame of frames) hear(frame)
      })
      answer.on("error", () => {})
      resolve({ until, [Symbol.dispose]: () => asked.destroy() })
    })
    asked.on("error", reject)
    asked.end()

    const until: EventClient["until"] = (what, fits) =>
      new Promise((found, failed) => {
        const before = all.find(({ event }) => fits(event))
        if (before !== undefined) return found(before)
        const timer = setTimeout(() => {
          watching.delete(watch)
          failed(new Error(`never seen: ${what}`))
        }, 20_000)
        const watch = (seen: Seen) => {
          if (!fits(seen.event)) return
          watching.delete(watch)
          clearTimeout(timer)
          found(seen)
        }
        watching.add(watch)
      })
  })
