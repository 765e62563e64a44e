/**
 * The only place of this folder that attaches an event handler: a handler that throws costs its own connection and nothing else.
 * Without it one defect in a handler ends the daemon, because Node treats it as uncaught.
 */
import type { EventEmitter } from "node:events"

/** What a failed handler costs: a socket, a response, a WebSocket; null where nothing can be given up, such as a listener. */
export interface Closable {
  readonly destroy?: () => unknown
  readonly terminate?: () => unknown
}

type Handler<A extends Array<unknown>> = (...args: A) => void

/** Returns the way to take the handler off again. */
export const on = <A extends Array<unknown>>(emitter: EventEmitter, event: string, costs: Closable | null, handler: Handler<A>) => {
  const contained = contain(costs, handler)
  emitter.on(event, contained as Handler<Array<unknown>>)
  return () => void emitter.off(event, contained as Handler<Array<unknown>>)
}

export const once = <A extends Array<unknown>>(emitter: EventEmitter, event: string, costs: Closable | null, handler: Handler<A>) => {
  const off = on<A>(emitter, event, costs, (...args) => {
    off()
    handler(...args)
  })
  return off
}

/** For handlers whose connection comes as an argument. */
export const onEach = <A extends Array<unknown>>(
  emitter: EventEmitter,
  event: string,
  costs: (...args: A) => Closable,
  handler: Handler<A>
) => on<A>(emitter, event, null, (...args) => contain(costs(...args), handler)(...args))

const contain =
  <A extends Array<unknown>>(costs: Closable | null, handler: Handler<A>): Handler<A> =>
  (...args) => {
    try {
      handler(...args)
    } catch (cause) {
      report(cause)
      costs?.destroy?.()
      costs?.terminate?.()
    }
  }

/** Handlers run outside of every fiber, so the daemon's logger cannot be asked. */
const report = (cause: unknown) => console.error("a handler of a connection failed:", cause)
