/** One attachment to one holder: requests are answered or fail with the reason, the journal comes whole and in order. */
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { Cause, Effect, Queue, Result, Schema, Stream } from "effect"
import type { WriteRefusal } from "../../domain/facts.ts"
import { JournalEntry } from "../../domain/inputs.ts"
import { limits } from "../../domain/limits.ts"
import { fileNames, launchDirectory } from "../holder/launch-directory.ts"
import { protocolRange, type Reply } from "../holder/protocol.ts"
import type { Settled } from "../holder/typing.ts"
import { converse, type Unnumbered } from "./holder-conversation.ts"
import { openSocket } from "./holder-socket.ts"
import { holderIsDead } from "./remains.ts"
import { type HolderLink, HolderUnavailable, type LaunchRef, type Submitted } from "./runtime.ts"

/** Calls `ring` with every newest offset of the output. The link lives as long as its scope; the agent longer. */
export const connect = Effect.fn("Runtime.connect")(function* (
  home: string,
  ref: LaunchRef,
  epoch: number,
  after: number,
  ring: (offset: number) => void
) {
  const directory = launchDirectory(home, ref.session, ref.generation)
  const socket = yield* openSocket(join(directory, fileNames.socket)).pipe(
    Effect.mapError((error) => new HolderUnavailable({ message: error.message, reason: holderIsDead(directory) ? "gone" : "silent" }))
  )
  const journal = yield* Queue.dropping<JournalEntry, HolderUnavailable>(limits.journalQueue)
  const awaiting = new Map<string, Queue.Queue<void>>()
  let seen = after
  let offset = 0
  const heard = (newest: number) => {
    offset = Math.max(offset, newest)
    ring(offset)
  }
  const holder = yield* converse(socket, {
    holderIsDead: () => holderIsDead(directory),
    onOffset: heard,
    onAwaitsEnter: (writeId) => {
      const asks = awaiting.get(writeId)
      if (asks !== undefined) Queue.offerUnsafe(asks, undefined)
    },
    onEntry: (entry) => {
      const decoded = decodeEntry(entry)
      if (Result.isFailure(decoded)) return "a journal entry that this version cannot read"
      if (decoded.success.n <= seen) return null
      if (decoded.success.n !== seen + 1) return `journal entry ${decoded.success.n} after ${seen}`
      seen += 1
      return Queue.offerUnsafe(journal, decoded.success) ? null : "more journal entries than a session can take"
    },
    onEnd: (reason) => Queue.failCauseUnsafe(journal, Cause.fail(reason))
  })
  const hello = yield* holder.hello
  if (hello.nonce !== ref.nonce) return yield* unavailable("not_ours", "the holder has another launch")
  if (hello.protocol.min > protocolRange.max || hello.protocol.max < protocolRange.min) {
    return yield* unavailable("protocol", `the holder speaks ${hello.protocol.min} to ${hello.protocol.max}`)
  }
  yield* expectOk(holder.request({ op: "attach", epoch, after }))
  heard(hello.offset)
  yield* expectOk(holder.request({ op: "subscribe" }))

  /** Settled by what is known when the connection dies: a request that never left was not written. */
  const typed = (request: Unnumbered) =>
    Effect.suspend((): Effect.Effect<Submitted> => {
      if (holder.ended()) return Effect.succeed({ outcome: "not_written" })
      return holder.request(request).pipe(
        Effect.map((reply): Submitted => {
          if ("error" in reply) return { outcome: reply.error === "unsupported" ? "unsupported" : "not_written" }
          if (reply.outcome === "withheld") return { ...withheld(reply), outcome: "withheld" }
          return { ...entered(reply), outcome: reply.why ?? reply.outcome ?? "uncertain" }
        }),
        Effect.catch(() => Effect.succeed<Submitted>({ outcome: "lost" }))
      )
    })

  const writeOutcome = (writeId: string) =>
    holder.request({ op: "write_outcome", writeId }).pipe(
      // Without a running agent the holder never wrote it: what it did write, it remembers.
      Effect.map(
        (reply): Settled =>
          "error" in reply ? { outcome: "not_written" } : { ...entered(reply), ...withheld(reply), outcome: reply.outcome ?? "uncertain" }
      )
    )
  const decideOnce = (writeId: string, mayEnter: Effect.Effect<boolean>) =>
    Effect.flatMap(mayEnter, (may) =>
      Effect.ignore(holder.request(may ? { op: "enter", writeId, mayAsk: true } : { op: "withhold", writeId }))
    )
  /** The holder asks behind the text, and again where the answer came late. */
  const whileDeciding = <A, E>(writeId: string, mayEnter: Effect.Effect<boolean>, settled: Effect.Effect<A, E>, isAsked = false) =>
    Effect.gen(function* () {
      const asks = yield* Queue.sliding<void>(1)
      awaiting.set(writeId, asks)
      if (isAsked) yield* Queue.offer(asks, undefined)
      return yield* Effect.raceFirst(settled, Effect.forever(Effect.andThen(Queue.take(asks), decideOnce(writeId, mayEnter))))
    }).pipe(Effect.ensuring(Effect.sync(() => awaiting.delete(writeId))))

  const link: HolderLink = {
    process: hello.process,
    journal: Stream.fromQueue(journal),
    journalLength: hello.journalLength,
    offset: () => offset,
    write: (writeId, bytes) =>
      typed({ op: "write", writeId, bytes: Buffer.from(bytes).toString("base64") }).pipe(
        // Every holder can write, and withholds submissions alone.
        Effect.map(({ outcome }) =>
          outcome === "unsupported" || outcome === "withheld" ? "not_written" : outcome === "lost" ? "uncertain" : outcome
        )
      ),
    submit: (writeId, text, enterAfterMs, mayEnter) =>
      whileDeciding(
        writeId,
        mayEnter,
        typed({ op: "submit", writeId, bytes: Buffer.from(text).toString("base64"), enterAfterMs, awaitsGo: true })
      ),
    decide: (writeId, mayEnter) => whileDeciding(writeId, mayEnter, writeOutcome(writeId), true),
    withhold: (writeId) => Effect.asVoid(holder.request({ op: "withhold", writeId })),
    writeOutcome,
    obstacle: holder
      .request({ op: "obstacle" })
      .pipe(
        Effect.map((reply) => ("error" in reply ? (reply.error === "unsupported" ? ("unsupported" as const) : null) : (reply.why ?? null)))
      ),
    type: holder.type,
    resize: ({ cols, rows }) => expectOk(holder.request({ op: "resize", cols, rows })),
    runLadder: (mode, order) => expectOk(holder.request({ op: "stop", mode, ...(order === undefined ? {} : { order }) })),
    acknowledgeExit: Effect.gen(function* () {
      yield* expectOk(holder.request({ op: "ack_exit" }))
      yield* Effect.timeoutOption(holder.awaitEnd, "2 seconds")
      yield* Effect.promise(() => rm(directory, { recursive: true, force: true }).catch(() => {}))
    })
  }
  return link
})

const entered = ({ enteredAt }: { readonly enteredAt?: number }) => (enteredAt === undefined ? {} : { enteredAt })

const withheld = ({ outcome, why }: { readonly outcome?: string; readonly why?: WriteRefusal }) =>
  outcome !== "withheld" || why === undefined ? {} : { why }

const decodeEntry = Schema.decodeUnknownResult(JournalEntry)

const unavailable = (reason: HolderUnavailable["reason"], message: string) => Effect.fail(new HolderUnavailable({ reason, message }))

/** An agent that has ended reads no keys and has no size: nothing is wrong with the holder. */
const expectOk = (request: Effect.Effect<Reply, HolderUnavailable>) =>
  Effect.flatMap(request, (reply) => {
    if (!("error" in reply) || reply.error === "not_running") return Effect.void
    return reply.error === "stale_epoch"
      ? unavailable("stale_epoch", "a newer daemon is attached")
      : unavailable("silent", `the holder answered ${reply.error}`)
  })
