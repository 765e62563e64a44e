/** Where a daemon lives: `--home`, else $REPRISE_HOME, else the XDG state directory. Always an absolute path. */
import { homedir, userInfo } from "node:os"
import { join, resolve } from "node:path"
import { UsageFailure } from "./failures.ts"

/** Throws where a relative path is given in a directory that was removed, and `UsageFailure` where the user has no directory. */
export const homeOf = (given: string | undefined, environment: Readonly<Record<string, string | undefined>>): string => {
  if (given === "") throw new UsageFailure({ message: "--home is empty; give it a directory, or leave it out" })
  const asked = given ?? environment.REPRISE_HOME
  if (asked !== undefined && asked !== "") return resolve(asked)
  const state = environment.XDG_STATE_HOME
  // The XDG specification has relative paths ignored.
  return join(state?.startsWith("/") ? state : join(directoryOfUser(), ".local", "state"), "reprise")
}

const directoryOfUser = (): string => {
  try {
    const named = homedir()
    // An empty HOME, and a relative one, would give each directory a home of its own.
    return named.startsWith("/") ? named : userInfo().homedir
  } catch {
    throw new UsageFailure({ message: "HOME is not set and passwd names no directory for this user; say where the home is with --home" })
  }
}
