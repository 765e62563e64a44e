/** This process's own terminal, lent to an agent raw, and given back as it was however this process ends short of SIGKILL. */
import { spawnSync } from "node:child_process"
import { writeSync } from "node:fs"
import { Effect } from "effect"
import type { Size } from "../../domain/spec.ts"
import { makeShownOutput } from "../../domain/terminal/shown-output.ts"
import { Switches } from "../../domain/terminal/switches.ts"
import { colourQuestion } from "../../domain/terminal/terminal-colours.ts"
import { oneLine } from "../text/sanitise.ts"

export interface Listeners {
  readonly typed: (bytes: Uint8Array) => void
  readonly resized: (size: Size) => void
  /** The process was stopped and goes on: the screen shows something else now. */
  readonly resumed: () => void
  /** The terminal is gone. */
  readonly hungUp: () => void
  /** What was written has been taken by the terminal. */
  readonly drained: () => void
}

export interface Borrowed {
  readonly size: () => Size
  /** False when the terminal is slow: write on after `drained`. */
  readonly write: (bytes: Uint8Array) => boolean
  /** An empty screen with nothing switched on, for one that will be drawn from the top; what stood there scrolls away. */
  readonly clear: () => void
  /** Asks the terminal for its colours; its answers are typed. False: it is one that would print the question. */
  readonly askColours: () => boolean
  /** Gives the terminal back and stops this process, as ctrl-z does to any; it goes on with `fg`. */
  readonly stop: () => void
  /** A line of ours, between the agent's. */
  readonly note: (text: string) => void
}

/** Until the scope closes. `typing: false` leaves the keyboard alone but for signals. */
export const borrow = (listeners: Listeners) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => take(listeners)),
      ({ giveBack }) => Effect.sync(giveBack)
    ),
    ({ borrowed }) => borrowed
  )

const take = (listeners: Listeners): { readonly borrowed: Borrowed; readonly giveBack: () => void } => {
  const { stdin, stdout } = process
  let { seen, shown } = fresh()
  const renew = () => {
    ;({ seen, shown } = fresh())
  }
  let raw = false

  const size = (): Size => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 })
  const enter = () => {
    if (stdin.isTTY) stdin.setRawMode(true)
    passEveryByte()
    stdout.write(titleKept)
    raw = true
  }
  /** Synchronous to the last byte: it runs while the process exits. */
  const leave = () => {
    if (!raw) return
    raw = false
    quietly(() => writeAll(stdout.fd, `${seen.off()}${titleBack}${below}`))
    quietly(() => stdin.isTTY && stdin.setRawMode(false))
    renew()
  }
  const resized = () => listeners.resized(size())
  const suspended = () => {
    leave()
    process.kill(process.pid, "SIGSTOP")
  }
  const continued = () => {
    // Another program that had the terminal meanwhile may have left it cooked; only a change makes Node set it again.
    quietly(() => stdin.isTTY && stdin.setRawMode(false))
    enter()
    listeners.resumed()
  }
  const failed = () => listeners.hungUp()

  enter()
  process.on("exit", leave)
  // Before the report of an uncaught error is printed, so that it is not drawn on a screen that then vanishes.
  process.on("uncaughtExceptionMonitor", leave)
  process.on("SIGTSTP", suspended)
  process.on("SIGCONT", continued)
  stdout.on("resize", resized)
  stdout.on("drain", listeners.drained)
  stdin.on("data", listeners.typed)
  stdin.on("end", failed)
  stdin.on("error", failed)
  // A question asked before has paused it, and listening alone does not undo that.
  stdin.resume()

  const giveBack = () => {
    leave()
    process.off("exit", leave).off("uncaughtExceptionMonitor", leave).off("SIGTSTP", suspended).off("SIGCONT", continued)
    stdout.off("resize", resized).off("drain", listeners.drained)
    stdin.off("data", listeners.typed).off("end", failed).off("error", failed).pause()
  }
  const borrowed: Borrowed = {
    size,
    write: (bytes) => {
      const allowed = shown.push(bytes)
      return allowed.length === 0 || stdout.write(allowed)
    },
    clear: () => {
      stdout.write(`${seen.off()}${below}${"\n".repeat(size().rows - 1)}\x1b[H`)
      renew()
    },
    askColours: () => {
      const isKnowing = !/^(?:linux|dumb|)$/.test(process.env.TERM ?? "")
      if (isKnowing) stdout.write(colourQuestion)
      return isKnowing
    },
    stop: suspended,
    note: (text) => {
      stdout.write(`\r\n\x1b[0m[reprise: ${oneLine(text)}]\r\n`)
    }
  }
  return { borrowed, giveBack }
}

/** Nothing is on, and nothing of a sequence has come. */
const fresh = () => {
  const seen = new Switches()
  return { seen, shown: makeShownOutput({ clipboard: process.env.REPRISE_CLIPBOARD === "write" }, { passed: seen }) }
}

/** Node's raw mode still makes CR LF of each LF; a daemon's terminal has done that already, where its program wants it. */
const passEveryByte = () => {
  if (process.stdin.isTTY) quietly(() => spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"], timeout: 2_000 }))
}

/** On the terminal's own stack of titles. */
const titleKept = "\x1b[22;0t"
const titleBack = "\x1b[23;0t"

/** To a line of one's own: the cursor may stand anywhere in what an agent drew. */
const below = "\x1b[999;1H\r\n"

/** The descriptor of a terminal may be non-blocking: EAGAIN means that it is slow, not gone. */
const writeAll = (descriptor: number, text: string) => {
  let rest = Buffer.from(text)
  for (let attempt = 0; rest.length > 0 && attempt < 1_000; attempt++) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

/** A terminal that has gone away refuses everything, and nothing more can be done for it. */
const quietly = (act: () => unknown) => {
  try {
    act()
  } catch {
    // EIO, ENOTTY, EBADF: gone.
  }
}
