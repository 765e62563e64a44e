/** The sender of an extension as a script of its own: it makes one call after another and prints each that settles. */
import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { telling } from "../../src/domain/providers/hook-files/telling.ts"

/** Runs the script against a daemon's socket that takes each call and never answers. Returns what the script printed until it ended. */
export const runTelling = async (runtime: string, hook: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const directory = mkdtempSync(join(tmpdir(), "telling-"))
  chmodSync(directory, 0o700)
  const socket = join(directory, "s")
  const server = createServer((request) => request.resume())
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  try {
    const script = join(directory, "script.mjs")
    const calls = 'for (const event of ["first", "second"]) { tell(event, {}); last.then(() => console.log(event)) }'
    const end = `last.then(() => process.exit(0))\nsetTimeout(() => process.exit(1), ${boundMs})`
    writeFileSync(script, `${telling(hook)}\n${calls}\n${end}\n`)
    const names = { REPRISE_GENERATION: "1", REPRISE_HOOK_SOCKET: socket, REPRISE_HOOK_TOKEN: "token", REPRISE_SESSION: "session" }
    const child = spawn(runtime, [script], { env: { ...process.env, ...names, ...env }, stdio: ["ignore", "pipe", "inherit"] })
    let printed = ""
    child.stdout.on("data", (chunk) => {
      printed += chunk
    })
    await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve))
    return printed
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Two calls end within 14 seconds; a busy machine gets three times that. */
const boundMs = 45_000
