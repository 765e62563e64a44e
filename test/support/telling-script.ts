/** What an extension sends, by scripts of their own against a socket like the daemon's. */
import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import type { HookCall } from "../../src/domain/hook-call.ts"
import { telling } from "../../src/domain/providers/hook-files/telling.ts"

/** Makes one call after another against a daemon that takes each call and never answers. Returns the calls that settled, a line each. */
export const runTelling = async (runtime: string, hook: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const calls = 'for (const event of ["first", "second"]) { tell(event, {}); last.then(() => console.log(event)) }'
  const end = `last.then(() => process.exit(0))\nsetTimeout(() => process.exit(1), ${boundMs})`
  const { printed } = await runExtension(runtime, `${telling(hook)}\n${calls}\n${end}\n`, () => {}, env)
  return printed
}

/** Runs the module until it ends by itself. Returns what it printed, and the calls that came to the socket. */
export const runExtension = async (
  runtime: string,
  module: string,
  answer: (response: ServerResponse) => void,
  env: Readonly<Record<string, string>> = {}
) => {
  const directory = mkdtempSync(join(tmpdir(), "telling-"))
  chmodSync(directory, 0o700)
  const socket = join(directory, "s")
  const calls: Array<HookCall> = []
  const server = createServer(async (request, response) => {
    calls.push(JSON.parse(await text(request)))
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  try {
    const script = join(directory, "script.mjs")
    writeFileSync(script, module)
    const names = { REPRISE_GENERATION: "1", REPRISE_HOOK_SOCKET: socket, REPRISE_HOOK_TOKEN: "token", REPRISE_SESSION: "session" }
    const child = spawn(runtime, [script], { env: { ...process.env, ...names, ...env }, stdio: ["ignore", "pipe", "inherit"] })
    let printed = ""
    child.stdout.on("data", (chunk) => {
      printed += chunk
    })
    await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve))
    return { printed, calls }
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Two calls end within 14 seconds; a busy machine gets three times that. */
const boundMs = 45_000
