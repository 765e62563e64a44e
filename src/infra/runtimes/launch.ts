/** Starts one holder for one launch, however often it is asked and however often the one who asks dies in between. */
import { spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Readable } from "node:stream"
import { Effect, Schedule } from "effect"
import { crashPoint } from "../crash-points.ts"
import {
  claim,
  codeOf,
  fileNames,
  type HolderSpec,
  launchDirectory,
  type Owner,
  outputDirectory,
  readJson,
  writeWhole
} from "../holder/launch-directory.ts"
import { identityOf, isAlive } from "../holder/process-table.ts"
import type { InstalledHolder } from "./bundle.ts"
import { openSocket } from "./holder-socket.ts"
import { LaunchFailure, type LaunchOrder } from "./runtime.ts"

/**
 * Creating the directory is the right to launch. One that is there already is waited for, or, when nobody ever took it, taken out
 * of the way and launched again: the claim file decides between us and a holder that comes late. A launch whose holder came and
 * died succeeds too: it happened, and connecting tells the rest.
 */
export const launch = Effect.fn("Runtime.launch")(function* (home: string, holder: InstalledHolder, order: LaunchOrder) {
  const directory = launchDirectory(home, order.session, order.generation)
  if (yield* attempt(() => makeDirectory(directory))) return yield* start(home, holder, order, directory)
  const owner = yield* awaitOwner(directory)
  if (owner === "nobody" && (yield* attempt(() => abandon(directory, order.nonce)))) return yield* start(home, holder, order, directory)
  return yield* awaitAnswer(directory)
})

const start = Effect.fn("Runtime.start")(
  function* (home: string, holder: InstalledHolder, order: LaunchOrder, directory: string) {
    crashPoint("after_mkdir")
    const crashAt = process.env.REPRISE_HOLDER_CRASH_AT
    yield* attempt(() => {
      const spec: HolderSpec = {
        ...{ session: order.session, generation: order.generation, nonce: order.nonce },
        ...{ executable: order.executable, args: order.command.slice(1), cwd: order.cwd, size: order.size, ladder: order.ladder },
        env: { ...order.env, REPRISE_SESSION: order.session, REPRISE_GENERATION: `${order.generation}`, REPRISE_NONCE: order.nonce },
        outputDirectory: outputDirectory(home, order.session),
        outputRetentionBytes: order.outputRetentionBytes,
        build: holder.build,
        ...(crashAt === undefined ? {} : { crashAt })
      }
      writeWhole(join(directory, fileNames.spec), JSON.stringify(spec))
    })
    yield* fork(holder.program, directory)
    return yield* awaitAnswer(directory)
  },
  (starting, _home, _holder, order, directory) => Effect.catch(starting, giveUp(directory, order.nonce))
)

/** Resolves when the holder has closed its end of the pipe: it serves, or it is dead. Nothing of ours is in its environment. */
const fork = (program: string, directory: string) =>
  Effect.callback<void, LaunchFailure>((resume) => {
    const log = openLog(directory)
    if (log === null) return resume(Effect.fail(new LaunchFailure({ code: "log_not_opened", message: `${directory} takes no file` })))
    const child = spawn(process.execPath, [...engineFlags, program, directory], {
      cwd: directory,
      detached: true,
      env: { PATH: "/usr/bin:/bin", UV_THREADPOOL_SIZE: "1" },
      stdio: ["ignore", log, log, "pipe"]
    })
    closeSync(log)
    child.once("error", (cause) => resume(Effect.fail(failure(cause))))
    child.unref()
    crashPoint("after_fork")
    const ready = child.stdio[3] as Readable | null
    ready?.once("error", () => {})
    ready?.once("close", () => resume(Effect.void))
    ready?.resume()
  }).pipe(Effect.timeoutOrElse({ duration: `${startMs} millis`, orElse: () => Effect.fail(neverStarted) }))

const openLog = (directory: string): number | null => {
  try {
    return openSync(join(directory, fileNames.log), "a", 0o600)
  } catch {
    return null
  }
}

/** Whether the directory was ours to make. */
const makeDirectory = (directory: string): boolean => {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 })
  try {
    mkdirSync(directory, { mode: 0o700 })
    return true
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
    return false
  }
}

/** A holder that was forked takes its directory within milliseconds; as long as there is one on its way, it is waited for. */
const awaitOwner = (directory: string) =>
  Effect.sync((): "someone" | "nobody" | "pending" => {
    if (readJson<Owner>(join(directory, fileNames.owner)) !== null) return "someone"
    return holderOnItsWay(directory) ? "pending" : "nobody"
  }).pipe(Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: (owner) => owner !== "pending", times: startMs / 10 }))

/** True when this call made the directory anew. What a late holder finds is the claim, and it leaves. */
const abandon = (directory: string, nonce: string): boolean => {
  if (!claim(directory, { nonce, process: identityOf(process.pid)!, role: "abandoned" })) return false
  const aside = `${directory}.abandoned-${process.pid}-${process.hrtime.bigint()}`
  renameSync(directory, aside)
  rmSync(aside, { recursive: true, force: true })
  return makeDirectory(directory)
}

const holderOnItsWay = (directory: string): boolean =>
  readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").includes(directory)
    } catch {
      return false
    }
  })

/** A holder that is dead has nothing to answer, and that is an answer. One that lives is given its time. */
const awaitAnswer = (directory: string) =>
  Effect.scoped(openSocket(join(directory, fileNames.socket))).pipe(
    Effect.asVoid,
    Effect.catch(() => (ownerIsDead(directory) ? Effect.void : Effect.fail(neverStarted))),
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: startMs / 10 })
  )

/** Undone as if never begun, unless a holder has taken the launch: then it happened, and connecting tells how it goes. */
const giveUp = (directory: string, nonce: string) => (error: LaunchFailure) =>
  Effect.suspend(() => {
    try {
      if (!claim(directory, { nonce, process: identityOf(process.pid)!, role: "abandoned" })) return Effect.void
    } catch {
      // A disk that takes no claim has taken no holder's either, and the next start finds the directory and decides again.
      return Effect.fail(error)
    }
    rmSync(directory, { recursive: true, force: true })
    return Effect.fail(error)
  })

const ownerIsDead = (directory: string): boolean => {
  const owner = readJson<Owner>(join(directory, fileNames.owner))
  return owner !== null && !isAlive(owner.process)
}

const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: failure })
const failure = (cause: unknown) => new LaunchFailure({ code: codeOf(cause), message: String(cause) })
const neverStarted = new LaunchFailure({ code: "holder_never_started", message: "the holder's socket did not answer in time" })

/** From fork to answer: 50 ms as a rule; a machine that needs this long is in trouble. */
const startMs = 10_000

/** A small heap, no helper threads, and nothing written to or read from the environment's Node options. */
const engineFlags = ["--max-old-space-size=64", "--max-semi-space-size=1", "--single-threaded", "--no-warnings"]
