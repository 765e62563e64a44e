/** Attacks of local users by the directory that a command runs in, and by the cache: no code of theirs is run from there. */
import { spawnSync } from "node:child_process"
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Attack } from "./attack.ts"

const ada = 65_001

/** What a command leaves in its working directory, and in the places that its environment names there. */
const leftBy = (environment: Readonly<Record<string, string>>, prepare: (folder: string) => void = () => {}): string => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-caches-"))
  try {
    prepare(folder)
    const named = Object.entries(environment).map(([name, value]) => [name, value.replace("FOLDER", folder)])
    const { NODE_COMPILE_CACHE: _, ...inherited } = process.env
    const env = { ...inherited, XDG_CACHE_HOME: "", XDG_STATE_HOME: "", REPRISE_HOME: "/nonexistent/home", ...Object.fromEntries(named) }
    const words = [join(import.meta.dirname, "../../bin/reprise.js"), "ls"]
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, env, encoding: "utf8", timeout: 30_000 })
    if (status !== 5 || stderr.trim().includes("\n")) throw new Error(`${status}: ${stderr}`)
    if (stderr.includes(folder)) throw new Error(stderr)
    const left = readdirSync(folder, { recursive: true }).filter((name) => name !== "ada")
    if (left.length > 0) throw new Error(`it leaves ${left.slice(0, 5).join(", ")}`)
    return "5; no file there"
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const attack = (id: string, does: string, run: () => string, needsRoot = false): Attack => ({
  id: `caches-${id}`,
  attacker: "local user",
  does,
  promise: "looks for no cache and no home there",
  isAlone: true,
  needsRoot,
  run: async () => run()
})

export const caches: ReadonlyArray<Attack> = [
  attack("01", "owns the directory of a command whose XDG_CACHE_HOME is relative", () => leftBy({ XDG_CACHE_HOME: ".cache" })),
  attack("02", "owns the directory of a command whose HOME is empty", () => leftBy({ HOME: "" })),
  attack("03", "owns the directory of a command whose HOME is empty, without REPRISE_HOME", () => leftBy({ HOME: "", REPRISE_HOME: "" })),
  attack("04", "owns the directory of a command whose HOME is relative", () => leftBy({ HOME: ".", REPRISE_HOME: "" })),
  attack(
    "05",
    "owns the cache directory that the environment names",
    () =>
      leftBy({ XDG_CACHE_HOME: "FOLDER/ada" }, (folder) => {
        mkdirSync(join(folder, "ada"))
        chownSync(join(folder, "ada"), ada, ada)
      }),
    true
  )
]
