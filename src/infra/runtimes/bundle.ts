/** Copies of the holder and the hook under the home, named after their content: running agents do not notice upgrades and deleted checkouts. */
import { createHash } from "node:crypto"
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { syncDirectory, temporaryOf, writeSynced } from "../durable-file.ts"
import { codeOf } from "../holder/launch-directory.ts"
import { ownDirectory, readRegular } from "../regular-file.ts"
import { isOwnNode, placeNode } from "./node-copy.ts"
import { LaunchFailure } from "./runtime.ts"

export interface Installed {
  readonly program: string
  /** Hexadecimal SHA-256 over the program and what it needs beside it. */
  readonly build: string
}

export const installHolder = (home: string): Effect.Effect<Installed, LaunchFailure> => install(join(home, "holders"), [holder, native])

/** What agents' hooks call, by `node <program> <event>`. */
export const installHook = (home: string): Effect.Effect<Installed, LaunchFailure> => install(join(home, "hooks"), [hook])

/**
 * Idempotent, and safe beside another daemon doing the same: the finished directory appears at once or not at all. What they run on lies
 * beside them, and its version is a part of the name. Every agent of this user can write there: a copy with other content is replaced.
 */
const install = (folder: string, names: readonly [string, ...ReadonlyArray<string>]) =>
  Effect.tryPromise({
    try: async () => {
      const source = bundleDirectory()
      const files = names.map((name) => ({ name, bytes: readRegular(join(source, name), programBytes, {}) }))
      const hash = createHash("sha256")
      for (const { bytes } of files) hash.update(bytes)
      const build = hash.update(`${process.version} ${process.platform} ${process.arch}`).digest("hex")
      const target = join(folder, build)
      const existed = lstatSync(target, { throwIfNoEntry: false }) !== undefined
      const whole = existed && (await isWhole(target, files))
      if (!whole) {
        const temporary = temporaryOf(target)
        ownDirectory(temporary)
        try {
          for (const { bytes, name } of files) {
            mkdirSync(dirname(join(temporary, name)), { recursive: true, mode: 0o700 })
            writeSynced(join(temporary, name), bytes)
          }
          await placeNode(temporary)
          place(temporary, target)
        } finally {
          discard(temporary)
        }
      }
      return { program: join(target, names[0]), build, replaced: existed && !whole }
    },
    catch: (cause) => new LaunchFailure({ code: codeOf(cause), message: `${names[0]} cannot be installed: ${String(cause)}` })
  }).pipe(
    Effect.tap(({ program, replaced }) =>
      replaced
        ? Effect.logWarning("an installed program had other content and is replaced").pipe(Effect.annotateLogs({ program }))
        : Effect.void
    ),
    Effect.map(({ build, program }): Installed => ({ build, program }))
  )

/** Far more than any of them has. */
const programBytes = 33_554_432

/** Beside this module in a package (`dist/main.js`), under `dist` in a checkout. */
export const bundleDirectory = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  return existsSync(join(here, holder)) ? here : join(here, "../../../dist")
}

const holder = "holder.cjs"
const hook = "hook.cjs"
const native = join("prebuilds", `${process.platform}-${process.arch}`, "pty.node")

const place = (temporary: string, target: string) => {
  const aside = temporaryOf(target)
  try {
    // What stands there is not whole: a file, a link, or a directory with other content.
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) renameSync(target, aside)
    renameSync(temporary, target)
    syncDirectory(dirname(target))
  } catch (error) {
    // ENOENT, ENOTEMPTY: another daemon was faster, with the same content.
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error)) && !(codeOf(error) === "ENOENT" && existsSync(target))) throw error
  } finally {
    discard(aside)
  }
}

const isWhole = async (target: string, files: ReadonlyArray<{ readonly name: string; readonly bytes: Buffer }>): Promise<boolean> => {
  try {
    if (!lstatSync(target).isDirectory()) return false
    for (const { bytes, name } of files) if (!readRegular(join(target, name), programBytes).equals(bytes)) return false
    return await isOwnNode(target)
  } catch {
    return false
  }
}

/** A directory that an agent has made unreadable stays. */
const discard = (directory: string) => {
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch {
    return
  }
}
