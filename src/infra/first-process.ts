/** The daemon as the first process of a container: a shell takes that place, because only the first process can reap what agents leave behind. */
import { accessSync, constants } from "node:fs"

const shell = "/bin/sh"

/**
 * Orphans of a container become children of pid 1, and Node waits for no child that it has not started. A shell's `wait` does. It passes
 * signals on and ends with the daemon's exit code. SIGINT and SIGQUIT go on as SIGTERM: a shell ignores both for what it starts with `&`.
 */
const script = `
trap 'kill -TERM "$daemon"' TERM INT QUIT
trap 'kill -HUP "$daemon"' HUP
trap 'kill -USR2 "$daemon"' USR2
"$@" &
daemon=$!
while :; do
  wait "$daemon"
  code=$?
  kill -0 "$daemon" 2>/dev/null || exit "$code"
done
`

/** Returns where this process is not the first one, or where a container has no shell: then its zombies stay until it ends. */
export const leaveFirstPlace = (): void => {
  if (process.pid !== 1 || process.execve === undefined || !isExecutable(shell)) return
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const environment = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  )
  process.execve(shell, ["sh", "-c", script, "sh", ...command], environment)
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
