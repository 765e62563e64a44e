/** The real agents at pinned versions: installed from npm once, each under a prefix of its own in the user's cache, and whole or not there. */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Screens, file formats and defaults change from one version to the next: a rule is confirmed with the version that stands here. */
export const pinned = {
  "claude-code": { package: "@anthropic-ai/claude-code", version: "2.1.329", executable: "claude" },
  codex: { package: "@openai/codex", version: "0.169.0", executable: "codex" },
  pi: { package: "@earendil-works/pi-coding-agent", version: "0.87.1", executable: "pi" },
  opencode: { package: "opencode-ai", version: "1.18.33", executable: "opencode" },
  gemini: { package: "@google/gemini-cli", version: "0.61.0", executable: "gemini" }
} as const

export type AgentName = keyof typeof pinned

export const agentNames = Object.keys(pinned) as ReadonlyArray<AgentName>

/** The versions whose screens are in `test/screens`: an older one, the confirmed one, and a newer one where there is one. */
export const recorded: { readonly [name in AgentName]: ReadonlyArray<string> } = {
  "claude-code": ["2.1.290", "2.1.329", "2.1.332"],
  codex: ["0.165.0", "0.169.0", "0.171.0"],
  pi: ["0.80.10", "0.87.1", "1.6.0"],
  opencode: ["1.18.3", "1.18.20", "1.18.33"],
  gemini: ["0.51.0", "0.58.0", "0.61.0"]
}

/** Returns the folder with the agent's executable. Installs it first where the cache has none. */
export const installed = async (name: AgentName, version: string = pinned[name].version): Promise<string> => {
  const { executable, package: packageName } = pinned[name]
  const prefix = join(cache(), `${name}@${version}`)
  const bin = join(prefix, "node_modules/.bin")
  if (!existsSync(join(prefix, marker))) {
    mkdirSync(cache(), { recursive: true })
    // In a folder of its own until it is whole: an install that is cut short, or runs twice at once, leaves nothing half done.
    const partial = mkdtempSync(join(cache(), `.${name}-`))
    try {
      await npmInstall(partial, `${packageName}@${version}`)
      if (!existsSync(join(partial, "node_modules/.bin", executable))) throw new Error(`${packageName}@${version} has no "${executable}"`)
      writeFileSync(join(partial, marker), `${packageName}@${version}\n`)
      rmSync(prefix, { recursive: true, force: true })
      renameSync(partial, prefix)
    } finally {
      rmSync(partial, { recursive: true, force: true })
    }
  }
  return bin
}

/** The folder of the Node that this project brings: pi needs 22 or later, and npm picks old versions of others for an old Node. */
export const nodeFolder = join(
  dirname(dirname(dirname(fileURLToPath(import.meta.url)))),
  `node_modules/node-${process.platform}-${process.arch}/bin`
)

const marker = "complete"

const cache = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "reprise-agents")

/** No registry answers slower than this; without a limit npm waits for ever for one that does not answer at all. */
const installMs = 300_000

const npmInstall = (prefix: string, what: string) =>
  new Promise<void>((resolve, reject) => {
    const flags = ["--no-package-lock", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    const npm = spawn("npm", ["install", "--prefix", prefix, ...flags, what], {
      cwd: prefix,
      env: { ...process.env, PATH: `${nodeFolder}${delimiter}${process.env.PATH ?? ""}` },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: installMs
    })
    let said = ""
    for (const stream of [npm.stdout, npm.stderr])
      stream.on("data", (chunk) => {
        said += chunk
      })
    npm.once("error", reject)
    npm.once("exit", (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`npm install ${what} ended with ${code ?? signal}\n${said.slice(-4_000)}`))
    )
  })
