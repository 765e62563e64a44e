/** A copy of the holder under the home, named after its content: running agents do not notice upgrades and deleted checkouts. */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { syncDirectory, writeSynced } from "../durable-file.ts"
import { codeOf } from "../holder/launch-directory.ts"
import { LaunchFailure } from "./runtime.ts"

export interface InstalledHolder {
  readonly program: string
  /** Hexadecimal SHA-256 over program and native module. */
  readonly build: string
}

/** Idempotent, and safe beside another daemon doing the same: the finished directory appears at once or not at all. */
export const installHolder = (home: string): Effect.Effect<InstalledHolder, LaunchFailure> =>
  Effect.try({
    try: () => {
      const source = bundleDirectory()
      const files = [program, native].map((name) => ({ name, bytes: readFileSync(join(source, name)) }))
      const hash = createHash("sha256")
      for (const { bytes } of files) hash.update(bytes)
      const build = hash.digest("hex")
      const target = join(home, "holders", build)
      if (!existsSync(target)) {
        const temporary = `${target}.${process.pid}.tmp`
        for (const { bytes, name } of files) {
          mkdirSync(dirname(join(temporary, name)), { recursive: true, mode: 0o700 })
          writeSynced(join(temporary, name), bytes)
        }
        place(temporary, target)
      }
      return { program: join(target, program), build }
    },
    catch: (cause) => new LaunchFailure({ code: codeOf(cause), message: `the holder cannot be installed: ${String(cause)}` })
  })

/** Beside this module in a package (`dist/main.js`), under `dist` in a checkout. */
export const bundleDirectory = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  return existsSync(join(here, program)) ? here : join(here, "../../../dist")
}

const program = "holder.cjs"
const native = join("prebuilds", `${process.platform}-${process.arch}`, "pty.node")

const place = (temporary: string, target: string) => {
  try {
    renameSync(temporary, target)
    syncDirectory(dirname(target))
  } catch (error) {
    // ENOTEMPTY: another daemon was faster, with the same content.
    rmSync(temporary, { recursive: true, force: true })
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error
  }
}
