/** Results go to stdout, everything said about them to stderr; a reader that has gone away ends the program quietly. */
import { Effect } from "effect"
import { escapedJson, printable } from "./text/sanitise.ts"

export const print = (...lines: ReadonlyArray<string>): Effect.Effect<void> =>
  lines.length === 0 ? Effect.void : write(printable(`${lines.join("\n")}\n`))

/** Lines for programs: the same for them, and harmless to a terminal. */
export const printLines = (...lines: ReadonlyArray<string>): Effect.Effect<void> => write(`${lines.join("\n")}\n`)

export const printJson = (value: unknown): Effect.Effect<void> =>
  printLines(escapedJson(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined)))

/** Waits until the reader has room: a stream of output never piles up in memory. */
export const write = (chunk: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (process.stdout.write(chunk)) return resume(Effect.void)
    const drained = () => resume(Effect.void)
    process.stdout.once("drain", drained)
    return Effect.sync(() => process.stdout.off("drain", drained))
  })

export const say = (...lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.sync(() => {
    if (lines.length > 0) process.stderr.write(printable(`${lines.join("\n")}\n`))
  })

/** All of stdin, at most `limit` bytes; undefined when there is more. */
export const readStdin = (limit: number): Effect.Effect<Uint8Array | undefined> =>
  Effect.callback<Uint8Array | undefined>((resume) => {
    const chunks: Array<Buffer> = []
    let size = 0
    const read = (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > limit) done(undefined)
    }
    const ended = () => done(Buffer.concat(chunks))
    const done = (bytes: Uint8Array | undefined) => {
      process.stdin.off("data", read).off("end", ended).off("error", ended).pause()
      resume(Effect.succeed(bytes))
    }
    process.stdin.on("data", read).on("end", ended).on("error", ended)
  })

/** `reprise events | head` is no failure: the reader has what it wanted. */
export const leaveWithReader = (): void => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0)
    throw error
  })
  process.stderr.on("error", () => {})
}
