/** Starts a holder as a process of its own: own session, no descriptor and no environment of the daemon's. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { closeSync, constants } from "node:fs"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { Effect } from "effect"
import { crashPoint } from "../crash-points.ts"
import { codeOf, fileNames } from "../holder/launch-directory.ts"
import { spareFlag } from "../holder/spare.ts"
import { openRegular } from "../regular-file.ts"
import { nodeFor } from "./node-copy.ts"
import { LaunchFailure } from "./runtime.ts"

/** Resolves when the holder closes its end of a pipe: it serves, or it is dead. */
export const startHolder = (program: string, directory: string) =>
  Effect.callback<void, LaunchFailure>((resume) => {
    const log = openLog(directory)
    if (typeof log !== "number") return resume(Effect.fail(log))
    const failed = (cause: Error) => resume(Effect.fail(new LaunchFailure({ code: codeOf(cause), message: cause.message })))
    const child = start(program, null, { cwd: directory, stdio: ["ignore", log, log, "pipe"] }, failed)
    closeSync(log)
    crashPoint("after_fork")
    const ready = child === null ? null : (pipeOf(child, 3) as Readable | null)
    ready?.once("error", () => {})
    ready?.once("close", () => resume(Effect.void))
    ready?.resume()
  })

/** A holder that waits for its launch. It ends with this process, and with anything that closes its input. */
export interface Spare {
  readonly program: string
  readonly waits: () => boolean
  /** Once. Resolves as `startHolder` does; a spare that died on the way has claimed nothing. */
  readonly tell: (directory: string) => Effect.Effect<void>
  readonly dismiss: () => void
}

export const startSpare = (program: string): Spare => {
  let over = false
  let onOver = () => {}
  const end = () => {
    over = true
    onOver()
  }
  const child = start(program, spareFlag, { cwd: "/", stdio: ["pipe", "ignore", "ignore", "pipe"] }, end)
  const input = child === null ? null : (pipeOf(child, 0) as (Writable & { unref?: () => void }) | null)
  const ready = child === null ? null : (pipeOf(child, 3) as (Readable & { unref?: () => void }) | null)
  if (input === null || ready === null) end()
  // A process that only waits keeps no other from exiting.
  input?.unref?.()
  input?.on("error", () => {})
  ready?.unref?.()
  ready?.on("error", () => {})
  ready?.once("close", end)
  ready?.resume()
  return {
    program,
    waits: () => !over,
    tell: (directory) =>
      Effect.callback<void>((resume) => {
        onOver = () => resume(Effect.void)
        if (over) return onOver()
        input?.end(`${JSON.stringify(directory)}\n`)
        crashPoint("after_fork")
      }),
    dismiss: () => void input?.end()
  }
}

/**
 * Node throws some refusals of the kernel (ENOMEM), and emits others (EMFILE, EAGAIN) in the next turn: `onError` has both. Null where it
 * threw.
 */
const start = (
  program: string,
  argument: string | null,
  options: Pick<SpawnOptions, "cwd" | "stdio">,
  onError: (cause: Error) => void
): ChildProcess | null => {
  const env = { PATH: "/usr/bin:/bin", UV_THREADPOOL_SIZE: "1" }
  try {
    const words = [...engineFlags, program, ...(argument === null ? [] : [argument])]
    const child = spawn(nodeFor(program), words, { ...options, detached: true, env })
    // At once: an error without a listener ends the daemon.
    child.on("error", onError)
    child.unref()
    return child
  } catch (cause) {
    onError(cause as Error)
    return null
  }
}

/** Where the kernel had no descriptors for pipes, Node's child has no list of them, whatever its type says. */
const pipeOf = (child: ChildProcess, index: number) => (child.stdio as ChildProcess["stdio"] | undefined)?.[index] ?? null

/**
 * A small heap and no helper threads. Not `--single-threaded`, `--lite-mode`, `--jitless` or `--optimize-for-size`: they save no
 * memory here, and cost 15 ms at the start because Node's built-in code cache does not fit engine flags that change code.
 */
const engineFlags = ["--max-old-space-size=128", "--max-semi-space-size=1", "--v8-pool-size=0"]

const openLog = (directory: string): number | LaunchFailure => {
  try {
    return openRegular(join(directory, fileNames.log), constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, {
      ours: true,
      written: true
    }).fd
  } catch (cause) {
    return new LaunchFailure({ code: codeOf(cause), message: `${directory} takes no file` })
  }
}
