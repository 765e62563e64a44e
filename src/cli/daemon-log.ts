/** The daemon's standard output and standard error: a reader that goes away or does not read loses lines, and never ends or delays the daemon. */
import { limits } from "../domain/limits.ts"

/** For `serve` alone: any other command ends with its reader. */
export const outliveLogReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    // EPIPE of a pipe, EIO of a closed terminal, ENOSPC of a full disk. The next line is tried again.
    stream.on("error", () => {})
    // Node waits at a terminal that the user has stopped with Ctrl-S, with every agent's output behind it.
    if (stream.isTTY) (stream as unknown as { readonly _handle?: Blocking })._handle?.setBlocking?.(false)
    limitBacklog(stream)
  }
}

interface Blocking {
  readonly setBlocking?: (blocking: boolean) => number
}

/** Lines that nothing reads are dropped, and counted in the first line that goes through again. */
const limitBacklog = (stream: NodeJS.WriteStream): void => {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...more: ReadonlyArray<unknown>) => boolean
  let dropped = 0
  stream.write = (chunk: string | Uint8Array, ...more: ReadonlyArray<unknown>) => {
    if (stream.writableLength > limits.logBacklogBytes) {
      dropped += 1
      const done = more.at(-1)
      if (typeof done === "function") process.nextTick(done)
      return true
    }
    if (dropped > 0) {
      write(`level=WARN message="the reader of this log did not read: lines were dropped" lines=${dropped}\n`)
      dropped = 0
    }
    return write(chunk, ...more)
  }
}
