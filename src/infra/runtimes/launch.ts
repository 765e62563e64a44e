/** Starts one holder for one launch, however often it is asked and however often the daemon that asks dies in between. */
import { existsSync, statSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { Clock, Effect, Schedule } from "effect"
import { crashPoint } from "../crash-points.ts"
import { softDescriptors } from "../descriptors.ts"
import { writeWhole } from "../durable-file.ts"
import { codeOf, fileNames, type HolderSpec, launchDirectory, outputDirectory, readOwner } from "../holder/launch-directory.ts"
import { isAlive } from "../holder/process-table.ts"
import type { Installed } from "./bundle.ts"
import { openSocket } from "./holder-socket.ts"
import { deny, standingOf, takeOver, takeRight } from "./launch-right.ts"
import { LaunchFailure, type LaunchOrder } from "./runtime.ts"

/** Looked at once, while the parent of this process is the one that started it. */
const descriptors = softDescriptors()

/** Resolves when the holder serves or is dead. */
export type HolderStart = (program: string, directory: string) => Effect.Effect<void, LaunchFailure>

/** A launch whose holder came and died succeeds too: it happened, and connecting shows the rest. */
export const launch = Effect.fn("Runtime.launch")(function* (
  home: string,
  holder: Installed,
  startHolder: HolderStart,
  order: LaunchOrder,
  isOurs: Effect.Effect<boolean> = Effect.succeed(true)
) {
  const directory = launchDirectory(home, order.session, order.generation)
  const begin = start(home, holder, startHolder, order, directory, isOurs)
  for (let undone = 0; undone < maxUndone; undone++) {
    if (yield* attempt(() => takeRight(directory))) return yield* begin
    const standing = yield* awaitStanding(directory)
    if (standing === "deserted" && (yield* takenOver(directory, order.nonce))) return yield* begin
    // The daemon that had it failed: that says nothing of the next attempt, which others may be at already.
    if (existsSync(directory)) return yield* awaitAnswer(directory)
  }
  return yield* neverStarted
})

/** False where another daemon was faster, or has undone what was started. */
const takenOver = (directory: string, nonce: string) =>
  attempt(() => takeOver(directory, nonce)).pipe(
    Effect.catch((failure) => (failure.code === "ENOENT" ? Effect.succeed(false) : Effect.fail(failure)))
  )

const start = Effect.fn("Runtime.start")(function* (
  home: string,
  holder: Installed,
  startHolder: HolderStart,
  order: LaunchOrder,
  directory: string,
  isOurs: Effect.Effect<boolean>
) {
  crashPoint("after_mkdir")
  const inode = inodeOf(directory)
  const starting = Effect.gen(function* () {
    // Behind the directory: a daemon that takes the log over after this sees it, and denies it if the launch is to be none any more.
    if (!(yield* isOurs)) return yield* new LaunchFailure({ code: "epoch_fenced", message: "a newer daemon has the log" })
    yield* attempt(() => writeWhole(join(directory, fileNames.spec), JSON.stringify(specOf(home, holder, order))))
    yield* startHolder(holder.program, directory)
    // It said so by its end of the pipe: its socket is there, or it is dead.
    if (!existsSync(join(directory, fileNames.socket))) yield* awaitAnswer(directory)
  })
  return yield* starting.pipe(
    Effect.timeoutOrElse({ duration: 2 * startMs, orElse: () => Effect.fail(neverStarted) }),
    Effect.catch((failure) => giveUp(directory, inode, order.nonce, failure))
  )
})

const specOf = (home: string, holder: Installed, order: LaunchOrder): HolderSpec => {
  const { command, cwd, env, executable, generation, ladder, nonce, outputRetentionBytes, session, size } = order
  const crashAt = process.env.REPRISE_HOLDER_CRASH_AT
  return {
    ...{ session, generation, nonce, executable, args: command.slice(1), cwd, size, ladder, outputRetentionBytes },
    env: { ...env, REPRISE_SESSION: session, REPRISE_GENERATION: `${generation}`, REPRISE_NONCE: nonce },
    outputDirectory: outputDirectory(home, session),
    build: holder.build,
    ...(descriptors === null ? {} : { descriptors }),
    ...(crashAt === undefined ? {} : { crashAt })
  }
}

const awaitStanding = (directory: string) =>
  Effect.map(Clock.currentTimeMillis, (nowMs) => standingOf(directory, nowMs)).pipe(
    Effect.repeat({ schedule: Schedule.spaced(pollMs), until: (standing) => standing !== "under_way", times: startMs / pollMs })
  )

/** A holder that is dead has nothing to answer, and that is an answer. One that lives is given its time. */
const awaitAnswer = (directory: string) =>
  Effect.scoped(openSocket(join(directory, fileNames.socket))).pipe(
    Effect.asVoid,
    Effect.catch(() => (holderHasDied(directory) ? Effect.void : Effect.fail(neverStarted))),
    Effect.retry({ schedule: Schedule.spaced(pollMs), times: startMs / pollMs })
  )

const holderHasDied = (directory: string): boolean => {
  const owner = readOwner(directory)
  return owner?.role === "holder" && !isAlive(owner.process)
}

/** Undone as if never started, unless a holder has the launch: then it happened, and connecting shows how it goes. */
const giveUp = (directory: string, inode: number, nonce: string, failure: LaunchFailure) =>
  Effect.suspend(() => {
    // Another daemon took the right over: the launch is its own.
    if (inodeOf(directory) !== inode) return Effect.fail(failure)
    return attempt(() => deny(directory, nonce)).pipe(
      // A disk that takes no claim has taken no holder's either; the next attempt finds the directory and decides again.
      Effect.catch(() => Effect.fail(failure)),
      Effect.flatMap((denied) => {
        if (!denied) return Effect.void
        return Effect.andThen(removed(directory), Effect.fail(failure))
      })
    )
  })

/** Off the event loop: an agent may have filled it. What cannot be removed is left, and found at the next start. */
const removed = (directory: string) => Effect.promise(() => rm(directory, { recursive: true, force: true }).catch(() => {}))

const inodeOf = (directory: string) => statSync(directory, { throwIfNoEntry: false })?.ino ?? 0

const attempt = <A>(run: () => A) =>
  Effect.try({ try: run, catch: (cause) => new LaunchFailure({ code: codeOf(cause), message: String(cause) }) })
const neverStarted = new LaunchFailure({ code: "holder_never_started", message: "the holder's socket did not answer in time" })

/** From fork to answer: 50 ms as a rule; a machine that needs this long is in trouble. */
const startMs = 10_000
/** How many failed attempts of others one waits for. */
const maxUndone = 5
const pollMs = 10
