/** A person's terminal on a session, until they detach or the session is over; it outlives a restart of the daemon. */
import { Clock, Effect, Queue } from "effect"
import { colourReader, type TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { SessionView } from "../../domain/view.ts"
import type { AttachMode, ServerFrame } from "../../http/contract/terminal.ts"
import { connect, type Daemon } from "../daemon.ts"
import { NoDaemon } from "../failures.ts"
import { isOver } from "../over.ts"
import { type Borrowed, borrow } from "./borrowed.ts"
import { type DetachKeys, detachScanner, type Scanned, withoutStop } from "./detach-keys.ts"
import { type Link, openLink } from "./link.ts"
import { MissedKeys } from "./missed-keys.ts"
import { launched, settled } from "./settled.ts"

export interface AttachOptions {
  readonly mode: AttachMode
  readonly keys: DetachKeys
  readonly keysText: string
  readonly reconnect: boolean
  /** The agent is a shell that stops and continues its own jobs: ctrl-z is for it. Else ctrl-z stops this command. */
  readonly hasJobControl: boolean
}

/** `Over`: no process, and none will come by itself. `HungUp`: this terminal is gone. `Lost`: the daemon did not come back. */
export type AttachEnd =
  | { readonly _tag: "Detached" }
  | { readonly _tag: "Over"; readonly session: SessionView }
  | { readonly _tag: "HungUp" }
  | { readonly _tag: "Lost"; readonly reason: string }
  | { readonly _tag: "Refused"; readonly reason: string }

type Happening =
  | { readonly _tag: "Detach" }
  | { readonly _tag: "HungUp" }
  | { readonly _tag: "Redraw" }
  | { readonly _tag: "Frame"; readonly frame: ServerFrame }
  /** What became of the session after its agent had gone. */
  | { readonly _tag: "Settled"; readonly session: SessionView }
  | { readonly _tag: "Closed"; readonly code: number; readonly reason: string }

const reconnectMs = 60_000
/** Chunks, each a keystroke or a paste's piece. */
const mostAhead = 1_024

export const attach = Effect.fn("attach")(function* (daemon: Daemon, session: string, options: AttachOptions) {
  const happenings = yield* Queue.unbounded<Happening>()
  const scanner = detachScanner(options.keys)
  let link: Link | undefined
  /** Typed before the agent is there. After a lost connection nothing is kept: where it would arrive later is not known. */
  let ahead: Array<Uint8Array> | undefined = []
  const missed = new MissedKeys()
  let generation: number | undefined
  let remindedAt = 0
  const remind = () => {
    if (missed.count === 0 || link === undefined || Date.now() - remindedAt < remindMs) return
    remindedAt = Date.now()
    terminal.note(
      `${missed.count} keys may be lost with the daemon, and what is typed now is dropped: press Enter alone, after a pause, to type on`
    )
  }
  const type = (bytes: Uint8Array) => {
    if (ahead !== undefined) {
      if (ahead.length < mostAhead) ahead.push(bytes)
      return
    }
    switch (missed.typed(bytes, link !== undefined, Date.now())) {
      case "pass":
        return link?.type(bytes)
      case "dropped":
        return remind()
      case "goOn":
        // The connection is made again, which draws the screen without our line.
        ahead = []
        Queue.offerUnsafe(happenings, { _tag: "Redraw" })
    }
  }
  const typeAhead = Effect.sync(() => {
    for (const bytes of ahead ?? []) link?.type(bytes)
    ahead = undefined
  })
  /** Asked once: each daemon that the client connects to gets the terminal's answer. */
  let told: { readonly colours: TerminalColours; readonly isLast: boolean } | null = null
  const reader = colourReader((colours, isLast) => {
    told = { colours, isLast }
    link?.colours(colours, isLast)
  })
  const typed = ({ detach, pass }: Scanned) => {
    const stop = options.hasJobControl && options.mode === "control" ? { rest: pass, isThere: false } : withoutStop(pass)
    if (stop.rest.length > 0 && options.mode === "control") type(stop.rest)
    if (stop.isThere) terminal.stop()
    if (detach) Queue.offerUnsafe(happenings, { _tag: "Detach" })
  }
  let gap: NodeJS.Timeout | undefined
  const terminal = yield* borrow({
    typed: (bytes) => {
      typed(scanner.typed(reader.typed(bytes)))
      // An answer or a report comes at once as a whole, or in pieces that follow each other closely.
      clearTimeout(gap)
      gap = setTimeout(() => {
        typed(scanner.typed(reader.flush()))
        typed(scanner.flush())
      }, answerGapMs).unref()
    },
    resized: (size) => link?.resize(size),
    resumed: () => {
      // The connection is made again, and the person types on meanwhile.
      ahead ??= []
      Queue.offerUnsafe(happenings, { _tag: "Redraw" })
    },
    hungUp: () => Queue.offerUnsafe(happenings, { _tag: "HungUp" }),
    drained: () => link?.resumeReading()
  })

  const isAsking = options.mode === "control" && terminal.askColours()

  /** One connection, from its opening to what ended it. */
  const converse = (at: Daemon) =>
    Effect.gen(function* () {
      yield* Queue.clear(happenings)
      const opened = yield* openLink(at.connection, session, options.mode, terminal.size(), {
        output: terminal.write,
        answered: () => missed.answered(),
        frame: (frame) => {
          // At once: the bytes that draw the screen come right behind it.
          if (frame.type === "hello") {
            terminal.clear()
            setTimeout(remind, remindAfterMs).unref()
          }
          if (frame.type === "hello" || frame.type === "generation") {
            if (generation !== undefined && frame.generation !== generation) missed.forget()
            generation = frame.generation
          }
          Queue.offerUnsafe(happenings, { _tag: "Frame", frame })
        },
        closed: (code, reason) => Queue.offerUnsafe(happenings, { _tag: "Closed", code, reason })
      })
      link = opened
      if (options.mode === "control" && isAsking) {
        if (told?.isLast !== true) opened.asking()
        if (told !== null) opened.colours(told.colours, told.isLast)
      }
      if (ahead !== undefined) yield* launched(at, session).pipe(Effect.ignore, Effect.andThen(typeAhead), Effect.forkScoped)
      opened.resize(terminal.size())
      while (true) {
        const happening = yield* Queue.take(happenings)
        if (happening._tag === "Settled") {
          if (isOver(happening.session)) return happening
          announce(terminal, happening.session)
        } else if (happening._tag !== "Frame") return happening
        else if (happening.frame.type === "gap") {
          terminal.note(`${happening.frame.to - happening.frame.from} bytes of output are not shown: this terminal was too slow`)
        } else if (happening.frame.type === "exit" || (happening.frame.type === "hello" && isAtRest(happening.frame.state))) {
          // Beside this loop: the tree of the agent may take its time to go, and the person may want to leave.
          yield* settled(at, session).pipe(
            Effect.map((view) => Queue.offerUnsafe(happenings, { _tag: "Settled", session: view })),
            Effect.ignore,
            Effect.forkScoped
          )
        }
      }
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          link = undefined
        })
      ),
      Effect.scoped
    )

  /** After a lost connection: the same home, as soon as a daemon answers there; the detach keys work meanwhile. */
  const reconnected = Effect.gen(function* () {
    const until = (yield* Clock.currentTimeMillis) + reconnectMs
    let waitMs = 100
    while ((yield* Clock.currentTimeMillis) < until) {
      const found = yield* connect(daemon.home).pipe(
        Effect.flatMap((at) => Effect.as(at.ask(at.client.service.readyz({})), at)),
        Effect.option
      )
      if (found._tag === "Some") return found.value
      yield* Effect.sleep(waitMs)
      waitMs = Math.min(2_000, waitMs * 2)
    }
    return undefined
  })
  const leaving = Effect.gen(function* () {
    while (true) {
      const happening = yield* Queue.take(happenings)
      if (happening._tag === "Detach" || happening._tag === "HungUp") return happening
    }
  })

  let at = daemon
  for (let connection = 0; ; connection++) {
    const end = yield* converse(at).pipe(
      Effect.catchTag("LinkFailure", ({ reason }) =>
        connection === 0
          ? Effect.fail(new NoDaemon({ home: daemon.home, reason }))
          : Effect.succeed<Happening>({ _tag: "Closed", code: 0, reason })
      )
    )
    if (end._tag === "Settled") return over(end.session)
    if (end._tag === "Detach") return detached
    if (end._tag === "HungUp") return hungUp
    if (end._tag === "Closed") {
      if (end.code === sessionOver) return over(yield* settled(at, session))
      if (isFinal(end.code)) return refused(end.reason || `code ${end.code}`)
      if (!options.reconnect) return lost("the connection to the daemon was lost")
      missed.lost()
      terminal.note(`the daemon is gone; trying again for ${reconnectMs / 1_000} s (${options.keysText} leaves)`)
      const next = yield* Effect.race(reconnected, leaving)
      if (next === undefined) return lost(`the daemon did not come back within ${reconnectMs / 1_000} s`)
      if ("_tag" in next) return next._tag === "Detach" ? detached : hungUp
      at = next
    }
  }
})

const answerGapMs = 50
const remindMs = 3_000
/** The screen is drawn by then. */
const remindAfterMs = 300

/** Closed normally: the session cannot run any more. */
const sessionOver = 1_000
/**
 * Asking again would be answered the same, but where the daemon shuts down (1001), says nothing (1005, 1006), restarts (1012), is busy
 * (1013) or is out of reach behind something else (1014): RFC 6455, 7.4.1, and the register that it began.
 */
const isFinal = (code: number) => code >= 1_000 && ![1_001, 1_005, 1_006, 1_012, 1_013, 1_014].includes(code)

const isAtRest = (state: string) => state === "ended" || state === "terminated"

const announce = (terminal: Borrowed, { exit, relaunch }: SessionView) => {
  if (relaunch !== null)
    terminal.note(`the agent is gone (${exit?.cause ?? "the reason is not known"}); relaunch ${relaunch.attempt} is coming`)
}

const detached: AttachEnd = { _tag: "Detached" }
const hungUp: AttachEnd = { _tag: "HungUp" }
const over = (session: SessionView): AttachEnd => ({ _tag: "Over", session })
const lost = (reason: string): AttachEnd => ({ _tag: "Lost", reason })
const refused = (reason: string): AttachEnd => ({ _tag: "Refused", reason })
