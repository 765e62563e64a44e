/** A daemon that is to refuse its start: it ends by itself, with one sentence and without a stack. */
import { TestDaemon, until } from "../support/daemon.ts"

/** The sentence. Throws where it starts, hangs, or says more. */
export const refusalOf = async (home: string, environment: Readonly<Record<string, string>> = {}): Promise<string> => {
  const daemon = new TestDaemon(home)
  const process = daemon.launch(environment)
  try {
    await until(
      "the daemon refuses to start",
      () => process.exitCode !== null || /msg=?"?listening|message=listening/.test(daemon.log),
      30_000
    )
  } finally {
    if (process.exitCode === null) process.kill("SIGKILL")
    await daemon.ended()
  }
  const lines = daemon.log.split("\n").filter((line) => line.trim() !== "" && !line.includes("level="))
  const sentence = lines.at(-1) ?? ""
  if (process.exitCode !== 1 || !sentence.includes("cannot run:"))
    throw new Error(`it ended with ${process.exitCode}: ${daemon.log.slice(0, 2_000)}`)
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
