/** Whether a child of node-pty became the program that was asked for: a failed exec looks like an exit with 1 otherwise. */
import { limits } from "../../domain/limits.ts"
import type { LaunchProblem } from "./launch-problem.ts"
import { commandLine, readProcess } from "./process-table.ts"

/** Resolves once the child runs another command line than this process, or is dead. */
export const executed = async (pid: number): Promise<void> => {
  const own = commandLine("self")
  for (const startedAt = performance.now(); performance.now() - startedAt < limits.execMs; ) {
    const row = readProcess(pid)
    if (row === null || row.zombie) return
    const line = commandLine(pid)
    // A process that is about to be a zombie has none any more.
    if (line !== null && line !== "" && line !== own) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** What node-pty's child prints where exec(2) or chdir(2) fails, before it exits with 1 (`pty.cc`). Nothing else can have printed. */
const printed = /^(execvp\(3\)|chdir\(2\)) failed\.: ([^\r\n]+)\r?\n$/

/** Null: it was another program's end. `output`: all that the child printed. */
export const execProblem = (output: string, code: number | null, executable: string, cwd: string): LaunchProblem | null => {
  const [, call, text = ""] = printed.exec(output) ?? []
  const errno = errnos.get(text)
  if (call === undefined || errno === undefined || code !== 1) return null
  if (call === "chdir(2)") return { code: "cwd_not_accessible", message: `${cwd} cannot be entered (${text}, ${errno})` }
  const why = sentences.get(errno)
  return { code: errno, message: why === undefined ? `${executable} cannot be run: ${text} (${errno})` : `${executable} ${why} (${errno})` }
}

/** As glibc and musl spell them in the C locale, which this process has never left. */
const errnos: ReadonlyMap<string, string> = new Map([
  ["Argument list too long", "E2BIG"],
  ["Text file busy", "ETXTBSY"],
  ["Exec format error", "ENOEXEC"],
  ["Resource temporarily unavailable", "EAGAIN"],
  ["Cannot allocate memory", "ENOMEM"],
  ["Out of memory", "ENOMEM"],
  ["Too many open files in system", "ENFILE"],
  ["Too many open files", "EMFILE"],
  ["No such file or directory", "ENOENT"],
  ["Permission denied", "EACCES"],
  ["Operation not permitted", "EPERM"],
  ["Too many levels of symbolic links", "ELOOP"],
  ["Input/output error", "EIO"],
  ["I/O error", "EIO"],
  ["Is a directory", "EISDIR"],
  ["Not a directory", "ENOTDIR"],
  ["Invalid argument", "EINVAL"]
])

const sentences: ReadonlyMap<string, string> = new Map([
  ["E2BIG", "cannot be run: its arguments and its environment are larger than the kernel takes"],
  ["ETXTBSY", "cannot be run: something is writing to it"],
  ["ENOEXEC", "cannot be run: it is no program for this machine"],
  ["EAGAIN", "cannot be run: the user has as many processes as the limit allows"],
  ["ENOENT", "is gone, or its interpreter is"]
])

/** What another attempt may meet otherwise: a file that is being replaced, a machine that is short of something. */
export const mayPass: ReadonlySet<string> = new Set([
  "ETXTBSY",
  "EAGAIN",
  "ENOMEM",
  "ENFILE",
  "EMFILE",
  "ENOENT",
  "EIO",
  "executable_incomplete"
])
