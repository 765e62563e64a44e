/** Why an executable cannot be run in a directory, found before anything is spawned: such an error is never an agent's exit. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs"
import { codeOf } from "./launch-directory.ts"

export interface LaunchProblem {
  readonly code: "cwd_missing" | "cwd_not_directory" | "cwd_not_accessible" | "executable_missing" | "executable_not_executable"
  readonly message: string
}

export const launchProblem = (order: { readonly executable: string; readonly cwd: string }): LaunchProblem | null =>
  directoryProblem(order.cwd) ?? executableProblem(order.executable)

export const directoryProblem = (cwd: string): LaunchProblem | null => {
  try {
    if (!statSync(cwd).isDirectory()) return { code: "cwd_not_directory", message: `${cwd} is not a directory` }
    accessSync(cwd, constants.R_OK | constants.X_OK)
    return null
  } catch (error) {
    const missing = codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR"
    return missing
      ? { code: "cwd_missing", message: `${cwd} does not exist` }
      : { code: "cwd_not_accessible", message: `${cwd} cannot be entered and read (${codeOf(error)})` }
  }
}

export const executableProblem = (path: string): LaunchProblem | null => {
  try {
    if (!statSync(path).isFile()) return { code: "executable_not_executable", message: `${path} is not a file` }
    accessSync(path, constants.X_OK)
  } catch (error) {
    const missing = codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR"
    return missing
      ? { code: "executable_missing", message: `${path} does not exist` }
      : { code: "executable_not_executable", message: `${path} may not be executed (${codeOf(error)})` }
  }
  const interpreter = interpreterOf(path)
  if (interpreter === null) return null
  try {
    accessSync(interpreter, constants.X_OK)
    return null
  } catch {
    // execve(2) would answer ENOENT for the script itself, and people look for a file that is there.
    return { code: "executable_not_executable", message: `${path} wants the interpreter ${interpreter}, which cannot be run` }
  }
}

const interpreterOf = (path: string): string | null => {
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch {
    // Executable but not readable: it has no first line for us, and the kernel runs it all the same.
    return null
  }
  try {
    const head = Buffer.alloc(256)
    const line = head.toString("latin1", 0, readSync(fd, head, 0, head.length, 0)).split("\n")[0] ?? ""
    return /^#![ \t]*(\/[^ \t\0]+)/.exec(line)?.[1] ?? null
  } finally {
    closeSync(fd)
  }
}
