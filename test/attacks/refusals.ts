/** A daemon that is to refuse its start: it ends by itself, with one sentence and without a stack. */
import { readdirSync, readlinkSync } from "node:fs"
import { readProcess } from "../../src/infra/holder/process-table.ts"
import { TestDaemon, until } from "../support/daemon.ts"

/** The sentence. Throws where it starts, hangs, or says more. */
export const refusalOf = async (home: string, environment: Readonly<Record<string, string>> = {}): Promise<string> => {
  const daemon = new TestDaemon(home)
  const launched = daemon.launch(environment)
  try {
    await until(
      "the daemon refuses to start",
      () => launched.exitCode !== null || /msg=?"?listening|message=listening/.test(daemon.log),
      30_000
    )
  } finally {
    if (launched.exitCode === null) launched.kill("SIGKILL")
    await daemon.ended()
  }
  const lines = daemon.log.split("\n").filter((line) => line.trim() !== "" && !line.includes("level="))
  const sentence = lines.at(-1) ?? ""
  if (launched.exitCode !== 1 || !sentence.includes("cannot run:"))
    throw new Error(`it ended with ${launched.exitCode}: ${daemon.log.slice(0, 2_000)}`)
  if (lines.length !== 1 || daemon.log.includes("    at ")) throw new Error(`it says more than a sentence: ${daemon.log.slice(0, 2_000)}`)
  return sentence.replace(/^.*cannot run: /, "").replaceAll(home, "HOME")
}

/** It starts, and is ended again. */
export const startsIn = async (home: string, environment: Readonly<Record<string, string>> = {}): Promise<string> => {
  const daemon = new TestDaemon(home)
  try {
    await daemon.start(environment)
    return "it starts"
  } finally {
    await daemon.kill("SIGTERM")
  }
}

/** Ends the holders of a home and their agents: an attack may have taken away all by which a daemon would find them. */
export const endHoldersIn = (home: string): void => {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const holders = new Set(pids.filter((pid) => worksBelow(pid, `${home}/sessions/`)))
  for (const pid of pids) if (holders.has(readProcess(pid)?.parent ?? 0)) end(pid)
  for (const pid of holders) end(pid)
}

const worksBelow = (pid: number, folder: string): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
  } catch {
    return false
  }
}

const end = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}
