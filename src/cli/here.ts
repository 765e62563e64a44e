/** Paths as a person writes them in a shell: from its directory on, which may have been removed meanwhile. */
import { isAbsolute, resolve } from "node:path"
import { Effect } from "effect"
import { UsageFailure } from "./failures.ts"

/** `given` as an absolute path; where nothing is given, the directory that the command runs in. */
export const absolutePath = (given: string | undefined, flag: string): Effect.Effect<string, UsageFailure> =>
  given === ""
    ? Effect.fail(new UsageFailure({ message: `${flag} is empty; give it a directory, or leave it out` }))
    : given !== undefined && isAbsolute(given)
      ? Effect.succeed(resolve(given))
      : Effect.try({
          try: () => resolve(process.cwd(), given ?? "."),
          catch: () => removedHere(flag)
        })

/** `flag`: what takes an absolute path instead. */
export const removedHere = (flag: string) =>
  new UsageFailure({ message: `the directory you are in was removed; go to another one, or give ${flag} an absolute path` })
