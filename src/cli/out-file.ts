/** Where a command writes a file that was asked for: beside its place first, and never over what is no regular file. */
import { lstatSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Effect } from "effect"
import { statOrNull } from "../infra/regular-file.ts"
import { Failure } from "./failures.ts"

/** Fails for a place in no directory, a device, a pipe, a directory and a link: a rename would replace it, or write where it leads. */
export const assertReplaceable = (path: string): Effect.Effect<void, Failure> =>
  Effect.suspend(() => {
    const directory = statOrNull(dirname(path))
    if (directory?.isDirectory() !== true)
      return Effect.fail(new Failure({ message: `${dirname(path)} is no directory: make it, or name another place than ${path}` }))
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found === undefined || found.isFile()
      ? Effect.void
      : Effect.fail(new Failure({ message: `${path} is not a regular file, and only a regular file is replaced: name another` }))
  })

/** Hidden, and under a name that no other process can foresee. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.${basename(path).slice(0, 200)}.${Math.random().toString(36).slice(2)}.tmp`)
