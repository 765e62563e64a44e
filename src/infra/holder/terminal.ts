/** The agent's terminal: always read, with or without a daemon, and read to its end before the holder reports that the agent is gone. */
import { closeSync, constants as files, openSync, readSync } from "node:fs"
import { ReadStream } from "node:tty"
import { signalName } from "../../domain/signal-names.ts"
import type { Size } from "../../domain/spec.ts"
import { nativePty } from "./native-pty.ts"

export interface TerminalOptions {
  readonly executable: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly size: Size
  /** The bytes are only lent: they change when the call returns. */
  readonly onOutput: (bytes: Buffer) => void
  /** The leader is dead and reaped; its last output may still be on its way. */
  readonly onExit: (exit: Exit) => void
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export class Terminal {
  readonly pid: number
  readonly fd: number
  readonly #stream: ReadStream
  /**
   * An end of the terminal of our own, until the leader is gone: an agent may close its terminal, live on and open it again,
   * and each time the last one is closed reading would fail for good.
   */
  readonly #slave: number
  readonly #onOutput: (bytes: Buffer) => void
  readonly #buffer = Buffer.allocUnsafeSlow(turnBytes)
  #ended = false
  #drained = false
  #lastOutputAt = 0
  #onEnd = () => {}

  /** A descriptor of the program's end of the terminal, until the leader is gone. */
  get programEnd(): number {
    return this.#slave
  }

  /** Throws when no process could be made. */
  constructor(options: TerminalOptions) {
    this.#onOutput = options.onOutput
    const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`)
    const { cols, rows } = options.size
    const fork = nativePty().fork
    const { fd, pid, pty } = fork(options.executable, options.args, env, options.cwd, cols, rows, -1, -1, true, "", (code, signal) =>
      options.onExit(signal === 0 ? { code, signal: null } : { code: null, signal: signalName(signal) })
    )
    this.fd = fd
    this.pid = pid
    this.#slave = openSync(pty, files.O_RDWR | files.O_NOCTTY)
    // `onread` is net.Socket's: one buffer for good instead of 64 KiB for every key that is echoed.
    const lent = { onread: { buffer: this.#buffer, callback: (length: number) => this.#read(length) } }
    this.#stream = new ReadStream(fd, lent)
    this.#stream.on("error", () => this.#end())
    this.#stream.on("close", () => this.#end())
    this.#stream.resume()
  }

  resize({ cols, rows }: Size): void {
    if (!this.#ended) nativePty().resize(this.fd, cols, rows, 0, 0)
  }

  /**
   * Resolves when the end of the output is read. A background process may keep the terminal open for ever: then when nothing
   * came for a while, and in any case soon, so that an exit is known within 100 ms of a quiet end. Nothing is read afterwards.
   */
  async drain(): Promise<void> {
    if (this.#drained) return
    this.#drained = true
    const startedAt = performance.now()
    closeSync(this.#slave)
    await new Promise<void>((resolve) => {
      const check = setInterval(() => {
        const now = performance.now()
        if (now - Math.max(startedAt, this.#lastOutputAt) >= quietMs || now - startedAt >= drainMs) settle()
      }, 5)
      const settle = () => {
        clearInterval(check)
        resolve()
      }
      this.#onEnd = settle
      if (this.#ended) settle()
    })
    this.#end()
  }

  get ended(): boolean {
    return this.#ended
  }

  /**
   * The kernel hands out at most 4 KiB a read and the event loop one read a turn. In a flood the rest of what is there is
   * fetched in the same turn, so that one write keeps it all; an echo is passed on as it came.
   */
  #read(length: number): boolean {
    if (this.#ended) return true
    let filled = length
    if (length >= fullReadBytes) {
      try {
        while (filled < turnBytes) {
          const more = readSync(this.fd, this.#buffer, filled, turnBytes - filled, null)
          if (more === 0) break
          filled += more
        }
      } catch {
        // EAGAIN: all is fetched. EIO: the end, which the stream will meet too.
      }
    }
    this.#lastOutputAt = performance.now()
    this.#onOutput(this.#buffer.subarray(0, filled))
    return true
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stream.destroy()
    this.#onEnd()
  }
}

const turnBytes = 65_536
const fullReadBytes = 2_048
const quietMs = 50
const drainMs = 150
