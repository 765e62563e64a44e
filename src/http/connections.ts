/** Every connection of both listeners: as many as there are descriptors for. When all are taken, one without a token makes room for the next. */
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { limits } from "../domain/limits.ts"
import { on } from "./contained.ts"

/**
 * Asked to check the length of a body, Node writes head and body in two pieces instead of one: a third of the throughput. Bodies
 * here are whole texts with their own length; the one stream that announces a length breaks its connection when it falls short.
 */
export interface Answer extends ServerResponse {
  /** Says that the connection is gone. Node says so only to the response that is being sent, and not to those queued behind it. */
  readonly abandon: () => void
}

/** Any user of the machine reaches the TCP listener, and only the owner the unix socket. */
export type Listener = "tcp" | "unix"

interface Standing {
  readonly listener: Listener
  /** A request on it has shown the daemon's token. */
  hasToken: boolean
  /** It gets no further answer. */
  isRefused: boolean
  readonly answers: Set<Answer>
}

export class Connections {
  readonly #maximum: number
  /** In the order of their arrival. */
  readonly #open = new Map<Socket, Standing>()

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** A new connection takes the place of one without a token; where there is none that it may take, it is closed itself. */
  open(socket: Socket, listener: Listener): void {
    if (this.#open.size >= this.#maximum && !this.#makeRoom(listener)) return void socket.destroy()
    const standing: Standing = { listener, hasToken: false, isRefused: false, answers: new Set() }
    this.#open.set(socket, standing)
    // Node handles errors until an upgrade takes its handlers off.
    on(socket, "error", null, () => socket.destroy())
    on(socket, "close", null, () => {
      this.#open.delete(socket)
      // After Node's own handlers of this event, which inform the response that was being sent.
      setImmediate(() => {
        for (const answer of standing.answers) answer.abandon()
      })
    })
  }

  /** False where the connection must not get an answer: it is refused already, or sends requests without reading answers. */
  begin(socket: Socket, answer: Answer): boolean {
    const standing = this.#open.get(socket)
    if (standing === undefined) return false
    standing.answers.add(answer)
    on(answer, "close", socket, () => standing.answers.delete(answer))
    if (standing.answers.size > limits.pipelinedRequests) socket.destroy()
    return !standing.isRefused && standing.answers.size <= limits.pipelinedRequests
  }

  /** Requests that wait for their answer on this connection. */
  pending(socket: Socket): number {
    return this.#open.get(socket)?.answers.size ?? 0
  }

  trust(socket: Socket): void {
    const standing = this.#open.get(socket)
    if (standing !== undefined) standing.hasToken = true
  }

  refuse(socket: Socket): void {
    const standing = this.#open.get(socket)
    if (standing !== undefined) standing.isRefused = true
  }

  closeAll(): void {
    for (const socket of this.#open.keys()) socket.destroy()
  }

  /** One of the TCP listener, whichever arrives; one of the unix socket only for another of the unix socket, and as the last resort. */
  #makeRoom(listener: Listener): boolean {
    return this.#dropOldest("tcp") || (listener === "unix" && this.#dropOldest("unix"))
  }

  /** The oldest without a token that waits for nothing, else the oldest without a token. */
  #dropOldest(listener: Listener): boolean {
    let oldest: Socket | undefined
    for (const [socket, standing] of this.#open) {
      if (standing.hasToken || standing.listener !== listener) continue
      if (standing.answers.size === 0) return this.#drop(socket)
      oldest ??= socket
    }
    return oldest !== undefined && this.#drop(oldest)
  }

  #drop(socket: Socket): true {
    this.#open.delete(socket)
    socket.destroy()
    return true
  }
}
