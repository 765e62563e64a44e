/** Which signals end a command, and which are not meant for it. */
import { fstatSync } from "node:fs"
import { readProcess } from "../infra/holder/process-table.ts"

/** The numbers by which a command that was ended by a signal exits. */
const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const

/**
 * SIGHUP and SIGQUIT end a command in order, as SIGINT and SIGTERM do: a terminal in raw mode must be given back. A daemon outlives
 * its terminal, so it ignores SIGHUP. Returns the number of the signal that came first.
 */
export const listenForEnd = (serving: boolean): (() => number) => {
  let first: number | undefined
  for (const [signal, value] of Object.entries(numbers)) {
    process.on(signal, () => {
      if (serving && signal === "SIGHUP") return
      first ??= value
      if (signal === "SIGHUP" || signal === "SIGQUIT") process.emit("SIGTERM", "SIGTERM")
    })
  }
  return () => first ?? numbers.SIGINT
}

/** To be called when everything that listens does: a daemon in the background of a script ignores the keys that end the script. */
export const leaveKeysToScript = (): void => {
  if (!isInBackground()) return
  for (const signal of ["SIGINT", "SIGQUIT"]) process.removeAllListeners(signal).on(signal, () => {})
}

/**
 * A script's `reprise serve &`: the shell ignores SIGINT and SIGQUIT for it, because the keys of the terminal mean the script. Node takes
 * every ignored signal back at its start and reports nothing. What else POSIX has the shell do is still there: the input is /dev/null,
 * and the process group is the script's.
 */
const isInBackground = (): boolean => {
  const own = readProcess(process.pid)
  return own !== null && own.group !== own.pid && own.terminal !== 0 && inputIsNull()
}

const inputIsNull = (): boolean => {
  try {
    const { rdev } = fstatSync(0)
    return rdev === nullDevice
  } catch {
    return false
  }
}
/** null(4): major number 1, minor number 3. */
const nullDevice = 0x103
