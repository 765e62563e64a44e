/** The holder: starts one agent in a terminal, keeps its output and its history, and ends it, whether or not a daemon lives. */
import { closeSync, constants, rmSync, writeSync } from "node:fs"
import { basename, join } from "node:path"
import { armCrashPoint, crashPoint } from "../crash-points.ts"
import { openRegular } from "../regular-file.ts"
import { Holding } from "./holding.ts"
import { claim, codeOf, fileNames, readSpec } from "./launch-directory.ts"
import { identityOf } from "./process-table.ts"
import { awaitLaunch, spareFlag } from "./spare.ts"

/**
 * The working directory is the launch directory, so that no command line names a session; `argv[2]` asks to wait for it. Descriptor 3 is closed when the socket answers: that is
 * what the daemon waits for.
 */
const main = async () => {
  const directory = process.argv[2] === spareFlag ? awaitLaunch() : process.cwd()
  // A spare that was not needed has nothing to say, and no place to say it.
  if (directory === null) process.exit(0)
  process.chdir(directory)
  const spec = readSpec(".")
  if (spec === null) return stop(`no specification in ${basename(directory)}: another holder has the launch`)
  if (!claim(".", { nonce: spec.nonce, process: identityOf(process.pid)!, role: "holder" })) return stop("another one has the launch")
  armCrashPoint(spec.crashAt)
  crashPoint("after_owner")
  // A holder ends when its agent has ended and a daemon has recorded that: not because a terminal or a service manager goes away.
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => {})
  // Whatever is wrong here, an agent without a reader would stop for good: say it and go on.
  process.on("uncaughtException", (error) => say(error.stack ?? error.message))
  process.on("unhandledRejection", (error) => say(String(error)))
  const holding = new Holding(spec, {
    onAcknowledged: () => {
      for (const name of Object.values(fileNames)) rmSync(join(directory, name), { force: true, recursive: true })
      rmSync(directory, { force: true, recursive: true })
      process.exit(0)
    }
  })
  await holding.start()
  try {
    closeSync(readyFd)
  } catch (error) {
    if (codeOf(error) !== "EBADF") throw error
  }
  // A daemon may come for the exit after a long weekend, not after a year.
  setTimeout(() => holding.expire(), weekMs)
}

const stop = (reason: string) => {
  say(reason)
  process.exit(0)
}

const say = (text: string) => {
  try {
    const { fd } = openRegular(fileNames.log, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, { ours: true, written: true })
    writeSync(fd, `${new Date().toISOString()} ${text}\n`)
    closeSync(fd)
  } catch {
    // A full disk: there is no place left to say so.
  }
}

const readyFd = 3
const weekMs = 7 * 86_400_000

void main()
