/** The `Runtime` of a modelled world: the same promises as the real one, over holders that are objects. */
import { Cause, Deferred, Effect, Exit, Queue, Stream } from "effect"
import type { JournalEntry } from "../../src/domain/inputs.ts"
import type { Settled } from "../../src/infra/holder/typing.ts"
import {
  type HolderLink,
  HolderUnavailable,
  LaunchFailure,
  type LaunchRef,
  PreflightFailed,
  type Runtime,
  type Submitted
} from "../../src/infra/runtimes/runtime.ts"
import { keyOf, type Launch, type World } from "./world.ts"
import type { Holder } from "./world-holder.ts"
import type { Port } from "./world-port.ts"

/** What a planted fault may change of what a daemon gets. */
export interface Bends {
  /** The entries that a connection sends: the given ones, or others. */
  readonly journal?: (entry: JournalEntry, holder: Holder) => JournalEntry | null
  readonly after?: (after: number) => number
}

export const modelRuntime = (world: World, port: Port, bends: Bends = {}): Runtime["Service"] => {
  const { clock } = world
  const pause = Effect.suspend(() => {
    if (!world.chance.happens(world.weather.slowAnswers)) return Effect.sleep(world.chance.between(0, 4))
    world.injected("slow answer")
    return Effect.sleep(world.chance.between(50, 900))
  })
  const unavailable = (reason: HolderUnavailable["reason"]) =>
    new HolderUnavailable({ reason, message: `the modelled holder is ${reason}` })

  /** Until the holder of a launch answers, dies, or never was. */
  const answered = (launch: Launch): Effect.Effect<boolean> =>
    Effect.gen(function* () {
      for (let polls = 0; polls < 400; polls++) {
        const holder = launch.holder
        if (holder !== null && (!holder.alive || holder.stage !== "starting")) return true
        if (launch.denied) return false
        yield* Effect.sleep(25)
      }
      return false
    })

  const launch: Runtime["Service"]["launch"] = Effect.fnUntraced(function* (order, isOurs = Effect.succeed(true)) {
    world.watch({ type: "launch", ref: order })
    for (;;) {
      let standing = world.launches.get(keyOf(order))
      if (standing !== undefined && standing.holder === null && !standing.maker.alive) {
        // Deserted between the directory and the holder: taken over once no holder can be on the way any more.
        const deserted = standing
        yield* Effect.sleep(500)
        const now = world.launches.get(keyOf(order))
        standing = now === deserted ? undefined : now
      }
      if (standing === undefined) {
        const made: Launch = { order, madeAtMs: clock.monotonicMs, maker: port.process, holder: null, denied: false }
        world.launches.set(keyOf(order), made)
        const allowed = yield* isOurs
        yield* port.cross(pause)
        const problem = allowed
          ? (world.launchProblems.shift() ?? (world.chance.happens(world.weather.launchFails) ? "EAGAIN" : null))
          : "epoch_fenced"
        if (problem !== null) {
          // Undone as if never started.
          if (allowed) world.injected("launch fails")
          made.denied = true
          world.launches.delete(keyOf(order))
          return yield* new LaunchFailure({ code: problem, message: problem })
        }
        if (!made.denied) world.start(made)
        standing = made
      }
      if ((yield* answered(standing)) || standing.holder !== null) return
      if (standing.denied && world.launches.get(keyOf(order)) !== standing) continue
      return yield* new LaunchFailure({ code: "holder_never_started", message: "no answer in time" })
    }
  })

  const connect: Runtime["Service"]["connect"] = Effect.fnUntraced(function* (ref, epoch, after) {
    world.watch({ type: "connect", ref })
    yield* pause
    const holder = yield* reach(ref)
    if (holder.order.nonce !== ref.nonce) return yield* unavailable("not_ours")
    if (epoch < holder.newestEpoch) return yield* unavailable("stale_epoch")
    const journal = yield* Queue.unbounded<JournalEntry, HolderUnavailable>()
    let open = true
    const gone: Array<() => void> = []
    const listener = {
      epoch,
      told: (entry: JournalEntry) => {
        if (!port.process.alive) return
        const heard = bends.journal === undefined ? entry : bends.journal(entry, holder)
        if (heard !== null) Queue.offerUnsafe(journal, heard)
      },
      ended: (reason: "gone" | "silent" | "stale_epoch") => {
        open = false
        if (!port.process.alive) return
        Queue.failCauseUnsafe(journal, Cause.fail(unavailable(reason)))
        for (const leave of gone.splice(0)) leave()
      }
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => holder.attach(listener, bends.after?.(after) ?? after)),
      () =>
        Effect.sync(() => {
          open = false
          if (holder.listener === listener) holder.listener = null
          for (const leave of gone.splice(0)) leave()
        })
    )
    /** The holder's answer, or the end of the connection. */
    const request = <A>(ask: (answer: (value: A) => void) => void): Effect.Effect<A, HolderUnavailable> =>
      Effect.callback<A, HolderUnavailable>((resume) => {
        if (!open || !holder.alive) return resume(Effect.fail(unavailable(holder.alive ? "silent" : "gone")))
        gone.push(() => resume(Effect.fail(unavailable(holder.alive ? "silent" : "gone"))))
        holder.whenAnswering(() => {
          if (open && holder.alive) ask((value) => resume(Effect.succeed(value)))
        })
      })
    const brief = <A>(effect: Effect.Effect<A, HolderUnavailable>) =>
      port.cross(Effect.timeoutOrElse(effect, { duration: "5 seconds", orElse: () => Effect.fail(unavailable("silent")) }))
    const tell = (act: () => void) =>
      brief(
        request<void>((answer) => {
          act()
          answer()
        })
      )
    const typing = (writeId: string, bytes: number, submits: boolean, type: (answer: (settled: Settled) => void) => void) =>
      port.cross(
        Effect.suspend(() => {
          world.watch({ type: "write", ref, writeId, bytes, submits })
          if (!open) return Effect.succeed<Submitted>({ outcome: "not_written" })
          return Effect.catch(request<Submitted>(type), () => Effect.succeed<Submitted>({ outcome: "lost" }))
        })
      )
    const writeOutcome = (writeId: string) => port.cross(request<Settled>((answer) => holder.writeOutcome(writeId, answer)))
    const link: HolderLink = {
      process: holder.process,
      journal: Stream.fromQueue(journal),
      journalLength: holder.journal.length,
      offset: () => holder.offset,
      write: (writeId, bytes) =>
        Effect.map(
          typing(writeId, bytes.length, false, (answer) => holder.write(writeId, bytes, answer)),
          ({ outcome }) => (outcome === "withheld" || outcome === "lost" || outcome === "unsupported" ? "uncertain" : outcome)
        ),
      submit: (writeId, text, enterAfterMs, mayEnter) => {
        const typed = Deferred.makeUnsafe<void>()
        const onTyped = () => void (open && Deferred.doneUnsafe(typed, Exit.void))
        return Effect.raceFirst(
          typing(writeId, text.length, true, (answer) => holder.submit(writeId, text, { afterMs: enterAfterMs, onTyped }, answer)),
          port.cross(Deferred.await(typed)).pipe(
            Effect.andThen(mayEnter),
            Effect.flatMap((may) => Effect.ignore(tell(() => (may ? holder.enter(writeId) : holder.withhold(writeId))))),
            Effect.andThen(Effect.never)
          )
        )
      },
      decide: (writeId, mayEnter) =>
        mayEnter.pipe(
          Effect.flatMap((may) => Effect.ignore(tell(() => (may ? holder.enter(writeId) : holder.withhold(writeId))))),
          Effect.andThen(writeOutcome(writeId))
        ),
      withhold: (writeId) => tell(() => holder.withhold(writeId)),
      writeOutcome,
      obstacle: Effect.succeed(null),
      type: (bytes) => tell(() => holder.type(bytes)),
      resize: (size) =>
        Effect.suspend(() => {
          world.watch({ type: "resize", ref, size })
          return tell(() => {})
        }),
      runLadder: (mode) =>
        Effect.suspend(() => {
          world.watch({ type: "ladder", ref, mode })
          return tell(() => holder.runLadder(mode))
        }),
      acknowledgeExit: Effect.suspend(() => {
        world.watch({ type: "acknowledge", ref })
        return brief(
          request<boolean>((answer) => {
            if (holder.stage === "over") holder.alive = false
            answer(holder.stage === "over")
          })
        ).pipe(
          Effect.flatMap((over) => (over ? Effect.sync(() => void world.launches.delete(keyOf(ref))) : Effect.fail(unavailable("silent"))))
        )
      })
    }
    return link
  })

  const reach = Effect.fnUntraced(function* (ref: LaunchRef) {
    const holder = world.launchOf(ref)?.holder ?? null
    if (holder === null || !holder.alive) return yield* unavailable("gone")
    const awake = Effect.callback<void>((resume) => holder.whenAnswering(() => resume(Effect.void)))
    yield* Effect.timeoutOrElse(awake, { duration: "5 seconds", orElse: () => Effect.fail(unavailable("silent")) })
    if (!holder.alive) return yield* unavailable("gone")
    return holder
  })

  const remainsOf = ({ holder, order: { generation, nonce, session } }: Launch) => ({
    ...{ session, generation, nonce },
    process: holder?.process ?? null,
    journal: [...(holder?.journal ?? [])],
    isContradicted: false
  })
  const deny = (ref: LaunchRef) => {
    const launch = world.launchOf(ref)
    if (launch !== undefined && launch.holder === null) launch.denied = true
  }

  return {
    preflight: (command) =>
      port.cross(
        Effect.suspend(() =>
          world.missing.has(command)
            ? Effect.fail(
                new PreflightFailed({ reasons: [{ code: "executable_missing", field: "command", message: `${command} is not there` }] })
              )
            : Effect.as(pause, { executable: `/bin/${command}` })
        )
      ),
    launch: (order, isOurs) => port.cross(launch(order, isOurs)),
    connect: (ref, epoch, after) => port.cross(connect(ref, epoch, after)),
    list: port.cross(Effect.sync(() => [...world.launches.values()].map(remainsOf))),
    remains: (ref) =>
      port.cross(
        Effect.sync(() => {
          const launch = world.launchOf(ref)
          return launch === undefined ? null : remainsOf(launch)
        })
      ),
    sweep: (ref, process) =>
      port.cross(
        Effect.suspend(() => {
          world.watch({ type: "sweep", ref, process })
          deny(ref)
          const holder = world.holders.find(({ order }) => order.nonce === ref.nonce)
          if (holder === undefined) return Effect.as(Effect.sleep(50), { swept: 0 })
          return Effect.callback<{ readonly swept: number }>((resume) => holder.endTree((swept) => resume(Effect.succeed({ swept })))).pipe(
            Effect.tap(() => Effect.sleep(50))
          )
        })
      ),
    outlived: () => Effect.succeed([]),
    stopLaunches: () => Effect.succeed(0),
    trouble: () => Effect.succeed(null),
    // Agents of the model start nothing.
    isSuspended: () => Effect.succeed(false),
    proceed: () => Effect.void,
    foreground: () => Effect.succeed(null),
    tools: () => Effect.succeed([]),
    killTool: () => Effect.succeed(null),
    discard: (ref) =>
      port.cross(
        Effect.sync(() => {
          world.watch({ type: "discard", ref })
          deny(ref)
          const holder = world.launchOf(ref)?.holder ?? null
          if (holder === null || !holder.alive) world.launches.delete(keyOf(ref))
        })
      )
  }
}
