/** Named places at which a test may have the process killed: nothing happens there unless `REPRISE_CRASH_AT` names one. */

/** `name` dies at the first pass, `name:3` at the third. SIGKILL: nothing is flushed, closed or announced, as in a real death. */
export const crashPoint = (name: string): void => {
  if (armed === null || armed.name !== name) return
  armed.passesLeft -= 1
  if (armed.passesLeft <= 0) process.kill(process.pid, "SIGKILL")
}

/** For a process that gets it by other means than its environment, as the holder does. */
export const armCrashPoint = (at: string | undefined): void => {
  if (at === undefined || at === "") return
  const [name = "", passes = "1"] = at.split(":")
  armed = { name, passesLeft: Number.parseInt(passes, 10) }
}

let armed: { readonly name: string; passesLeft: number } | null = null
armCrashPoint(process.env.REPRISE_CRASH_AT)
