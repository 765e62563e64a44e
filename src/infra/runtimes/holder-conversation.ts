/** Requests and answers over one socket to a holder. Every waiting caller gets the reason why the connection ended. */
import type { Socket } from "node:net"
import { Deferred, Effect, Exit, Result, Schedule, Schema } from "effect"
import { ProcessIdentity, WriteRefusal } from "../../domain/facts.ts"
import { Size } from "../../domain/spec.ts"
import { LineReader } from "../holder/line-reader.ts"
import { lineBytes, type Reply, type Request } from "../holder/protocol.ts"
import { HolderUnavailable } from "./runtime.ts"
import { TypingAhead } from "./typing-ahead.ts"

export interface Listener {
  readonly holderIsDead: () => boolean
  readonly onOffset: (offset: number) => void
  readonly onAwaitsEnter: (writeId: string) => void
  /** Answers with what is wrong with the entry, or null. */
  readonly onEntry: (entry: unknown) => string | null
  /** Once. */
  readonly onEnd: (reason: HolderUnavailable) => void
}

/** Lasts as long as the scope of the caller. */
export const converse = Effect.fnUntraced(function* (socket: Socket, listener: Listener) {
  const waiting = new Map<number, (reply: Effect.Effect<Reply, HolderUnavailable>) => void>()
  const hello = yield* Deferred.make<typeof Hello.Type, HolderUnavailable>()
  const end = yield* Deferred.make<void>()
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  let verdict: HolderUnavailable | null = null
  let ended: HolderUnavailable | null = null
  let nextId = 1

  const finish = (reason: HolderUnavailable) => {
    if (ended !== null) return
    ended = reason
    Deferred.doneUnsafe(hello, Exit.fail(reason))
    const unanswered = [...waiting.values()]
    waiting.clear()
    for (const resume of unanswered) resume(Effect.fail(reason))
    listener.onEnd(reason)
    Deferred.doneUnsafe(end, Exit.void)
  }
  const breakOff = (reason: HolderUnavailable["reason"], message: string) => {
    verdict ??= new HolderUnavailable({ reason, message })
    socket.destroy()
  }
  /** What comes with every key: distinguished from all else by its whole text, without a schema. */
  const hearOften = (line: string): boolean => {
    const offset = newestOffset.exec(line)?.[1]
    if (offset !== undefined) {
      listener.onOffset(Number(offset))
      return true
    }
    const id = plainReply.exec(line)?.[1]
    if (id === undefined) return false
    hearReply({ type: "reply", id: Number(id), ok: true })
    return true
  }
  const hearReply = (reply: Reply) => {
    const resume = waiting.get(reply.id)
    waiting.delete(reply.id)
    resume?.(Effect.succeed(reply))
  }
  const hear = (line: string) => {
    const message = Result.getOrNull(decodeMessage(line))
    if (message === null) return breakOff("protocol", "a message that this version cannot read")
    switch (message.type) {
      case "hello":
        return void Deferred.doneUnsafe(hello, Exit.succeed(message))
      case "reply":
        return hearReply(message as Reply)
      case "offset":
        return listener.onOffset(message.offset)
      case "awaits_enter":
        return listener.onAwaitsEnter(message.writeId)
      case "entry": {
        const problem = listener.onEntry(message.entry)
        return problem === null ? undefined : breakOff("protocol", problem)
      }
      case "superseded":
        return breakOff("stale_epoch", "another connection has taken the holder over")
    }
  }
  const lines = new LineReader({
    longest: lineBytes,
    onLine: (line) => {
      if (ended === null && verdict === null && !hearOften(line) && !isUnknownKind(line)) hear(line)
    },
    onTooLong: () => breakOff("protocol", "a message without an end")
  })
  socket.on("data", (bytes) => lines.push(bytes))
  // The socket of a killed holder closes a moment before its process is gone: the look is repeated before it counts as silence.
  socket.once("close", () => {
    if (ended !== null) return
    if (verdict !== null) return finish(verdict)
    fork(
      Effect.sync(listener.holderIsDead).pipe(
        Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: (dead) => dead, times: 50 }),
        Effect.map((dead) =>
          finish(
            new HolderUnavailable(
              dead ? { reason: "gone", message: "the holder has died" } : { reason: "silent", message: "the holder hung up" }
            )
          )
        )
      )
    )
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => finish(new HolderUnavailable({ reason: "silent", message: "detached" }))))

  const silent = new HolderUnavailable({ reason: "silent", message: "the holder does not answer" })
  const patiently = <A>(effect: Effect.Effect<A, HolderUnavailable>) =>
    Effect.timeoutOrElse(effect, { duration: "5 seconds", orElse: () => Effect.fail(silent) })
  const send = (request: Unnumbered, resume: (reply: Effect.Effect<Reply, HolderUnavailable>) => void) => {
    const id = nextId
    nextId += 1
    waiting.set(id, resume)
    socket.write(`${JSON.stringify({ id, ...request })}\n`)
    return id
  }
  const ahead = new TypingAhead()
  const room = patiently(ahead.room)
  return {
    hello: patiently(Deferred.await(hello)),
    ended: () => ended !== null || socket.destroyed,
    awaitEnd: Deferred.await(end),
    /** Sent before this returns, in the order of the calls; its outcome shows only in the end of the conversation. */
    type: (bytes: Uint8Array): Effect.Effect<void, HolderUnavailable> => {
      const typed = Effect.suspend(() => {
        if (ended !== null) return Effect.fail(ended)
        ahead.sent(bytes.length)
        send({ op: "type", bytes: Buffer.from(bytes).toString("base64") }, () => ahead.answered(bytes.length))
        return Effect.void
      })
      return Effect.suspend(() => (ahead.isFull ? Effect.andThen(room, typed) : typed))
    },
    /** A write waits for the terminal as long as it takes; everything else is answered at once or never. */
    request: (request: Unnumbered): Effect.Effect<Reply, HolderUnavailable> => {
      const answered = Effect.callback<Reply, HolderUnavailable>((resume) => {
        if (ended !== null) return resume(Effect.fail(ended))
        const id = send(request, resume)
        return Effect.sync(() => void waiting.delete(id))
      })
      return ["write", "submit", "write_outcome"].includes(request.op) ? answered : patiently(answered)
    }
  }
})

/** The conversation numbers them. */
export type Unnumbered = Request extends infer R ? (R extends unknown ? Omit<R, "id"> : never) : never

const Hello = Schema.Struct({
  type: Schema.Literal("hello"),
  protocol: Schema.Struct({ min: Schema.Int, max: Schema.Int }),
  nonce: Schema.String,
  process: Schema.NullOr(ProcessIdentity),
  offset: Schema.Int,
  size: Size,
  journalLength: Schema.Int
})

const Message = Schema.fromJsonString(
  Schema.Union([
    Hello,
    Schema.Struct({
      type: Schema.Literal("reply"),
      id: Schema.Int,
      ok: Schema.optionalKey(Schema.Literal(true)),
      error: Schema.optionalKey(Schema.String),
      outcome: Schema.optionalKey(Schema.Literals(["written", "not_written", "uncertain", "withheld"])),
      enteredAt: Schema.optionalKey(Schema.Int),
      why: Schema.optionalKey(WriteRefusal)
    }),
    Schema.Struct({ type: Schema.Literal("entry"), entry: Schema.Unknown }),
    Schema.Struct({ type: Schema.Literal("offset"), offset: Schema.Int }),
    Schema.Struct({ type: Schema.Literal("awaits_enter"), writeId: Schema.String }),
    Schema.Struct({ type: Schema.Literal("superseded") })
  ])
)
/** As the holder writes them; fifteen digits are always a safe integer. */
const newestOffset = /^\{"type":"offset","offset":(\d{1,15})\}$/
const plainReply = /^\{"type":"reply","id":(\d{1,15}),"ok":true\}$/

const decodeMessage = Schema.decodeUnknownResult(Message)

/** A newer holder may say more than we know; what it does not say to us is no error. */
const isUnknownKind = (line: string) => {
  const kind = /^\{"type":"([a-z_]+)"/.exec(line)?.[1]
  return kind !== undefined && !["hello", "reply", "entry", "offset", "awaits_enter", "superseded"].includes(kind)
}
