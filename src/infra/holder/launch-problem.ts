/** Why an executable cannot be run in a directory, found before anything is spawned: such an error is never an agent's exit. */
import { constants, readdirSync } from "node:fs"
import { access, type FileHandle, open, stat } from "node:fs/promises"
import { codeOf } from "./launch-directory.ts"

export interface LaunchProblem {
  /** A name of ours, or the errno of exec(2). */
  readonly code: string
  readonly message: string
}

export const launchProblem = async (order: { readonly executable: string; readonly cwd: string }): Promise<LaunchProblem | null> =>
  (await directoryProblem(order.cwd)) ?? (await executableProblem(order.executable))

export const directoryProblem = async (cwd: string): Promise<LaunchProblem | null> => {
  try {
    if (!(await stat(cwd)).isDirectory()) return { code: "cwd_not_directory", message: `${cwd} is not a directory` }
    await access(cwd, constants.R_OK | constants.X_OK)
    return null
  } catch (error) {
    const missing = codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR"
    return missing
      ? { code: "cwd_missing", message: `${cwd} does not exist` }
      : { code: "cwd_not_accessible", message: `${cwd} cannot be entered and read (${codeOf(error)})` }
  }
}

export const executableProblem = async (path: string): Promise<LaunchProblem | null> => {
  try {
    if (!(await stat(path)).isFile()) return { code: "executable_not_executable", message: `${path} is not a file` }
    await access(path, constants.X_OK)
  } catch (error) {
    const missing = codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR"
    return missing
      ? { code: "executable_missing", message: `${path} does not exist` }
      : { code: "executable_not_executable", message: `${path} may not be executed (${codeOf(error)})` }
  }
  const head = await headOf(path)
  if (head === null) return null
  const format = formatProblem(path, head)
  if (format !== null) return format
  const interpreter = interpreterIn(head)
  if (interpreter === null) return null
  try {
    await access(interpreter, constants.X_OK)
    return null
  } catch {
    // execve(2) would answer ENOENT for the script itself, and people look for a file that is there.
    return { code: "executable_not_executable", message: `${path} wants the interpreter ${interpreter}, which cannot be run` }
  }
}

const interpreterIn = (head: Buffer): string | null => /^#![ \t]*(\/[^ \t\0\n]+)/.exec(head.toString("latin1"))?.[1] ?? null

/** Its beginning; null where it may be executed and not read: then the kernel says what is wrong. */
const headOf = async (path: string): Promise<Buffer | null> => {
  let file: FileHandle
  try {
    file = await open(path, "r")
  } catch {
    return null
  }
  try {
    const head = Buffer.alloc(256)
    return head.subarray(0, (await file.read(head, 0, head.length, 0)).bytesRead)
  } finally {
    await file.close()
  }
}

/**
 * execvp(3) hands what the kernel refuses (ENOEXEC) to a shell: an empty file would end well at once, and a program for another machine
 * would be read as a script. A text without `#!` is a script, as shells take it.
 */
const formatProblem = (path: string, head: Buffer): LaunchProblem | null => {
  if (head.length === 0) return { code: "executable_incomplete", message: `${path} is empty: it may be being replaced` }
  const noProgram = (why: string): LaunchProblem => ({
    code: "ENOEXEC",
    message: `${path} is no program for this machine: ${why} (ENOEXEC)`
  })
  if (head.subarray(0, 4).equals(elf)) {
    if (head.length < elfHeaderBytes)
      return { code: "executable_incomplete", message: `${path} ends within its header: it may be being replaced` }
    const machine = head.readUInt16LE(machinePlace)
    const own = machines.get(process.arch)
    return own === undefined || own.includes(machine) || hasForeignFormats() ? null : noProgram(`it is for machine ${machine}`)
  }
  const [first = ""] = head.toString("latin1").split("\n")
  return !first.startsWith("#!") && first.includes("\0") && !hasForeignFormats() ? noProgram("it is neither ELF nor a script") : null
}

const elf = Buffer.from("\x7fELF", "latin1")
const elfHeaderBytes = 20
/** e_machine of elf(5). */
const machinePlace = 18
/** A kernel for x86-64 runs programs for i386 too, one for AArch64 those for ARM. */
const machines: ReadonlyMap<string, ReadonlyArray<number>> = new Map([
  ["x64", [62, 3]],
  ["arm64", [183, 40]]
])

/** binfmt_misc: an emulator runs what is for another machine. */
const hasForeignFormats = (): boolean => {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status")
  } catch {
    return false
  }
}
