/** What two Node programs between a person and a terminal cost when they do nothing but pass bytes on: the floor under our echo. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { seen, type TerminalClient } from "./terminal-client.ts"

export interface Relay extends AsyncDisposable {
  readonly client: Pick<TerminalClient, "onBytes">
  readonly type: (key: string) => void
}

/** Resolves when the agent has said `ready.`. */
export const relayed = async (agent: string): Promise<Relay> => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-bench-"))
  const path = join(directory, "inner")
  const inner = await up(innerProgram(path, agent))
  const outer = await up(outerProgram(path))
  const client: Pick<TerminalClient, "onBytes"> = { onBytes: () => {} }
  const ready = seen(client, "ready.", 10_000)
  const socket = connect(Number(outer.word), "127.0.0.1")
  socket.setNoDelay(true)
  socket.on("error", () => {})
  socket.on("data", (bytes) => client.onBytes(bytes as Buffer))
  await ready
  return {
    client,
    type: (key) => void socket.write(key),
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
      // The inner one has to end its agent first.
      await Promise.all([ended(inner.process, "SIGTERM"), ended(outer.process, "SIGKILL")])
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

const nodePty = createRequire(import.meta.url).resolve("node-pty")

const innerProgram = (path: string, agent: string) => `
  const pty = require(${JSON.stringify(nodePty)}).spawn("sh", ["-c", ${JSON.stringify(agent)}], { encoding: null })
  const before = []
  const keep = pty.onData((bytes) => before.push(bytes))
  require("node:net").createServer((socket) => {
    for (const bytes of before.splice(0)) socket.write(bytes)
    keep.dispose()
    pty.onData((bytes) => socket.write(bytes))
    socket.on("data", (bytes) => pty.write(bytes)).on("error", () => {})
  }).listen(${JSON.stringify(path)}, () => console.log("up"))
  pty.onExit(() => process.exit())
  process.on("SIGTERM", () => process.kill(pty.pid, "SIGKILL"))`

const outerProgram = (path: string) => `
  const { connect, createServer } = require("node:net")
  const server = createServer((socket) => {
    socket.setNoDelay(true).on("error", () => {})
    const inner = connect(${JSON.stringify(path)}).on("error", () => {})
    socket.pipe(inner).pipe(socket)
  }).listen(0, "127.0.0.1", () => console.log(server.address().port))`

const up = async (program: string) => {
  const node = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] })
  const word = await new Promise<string>((resolve, reject) => {
    node.stdout.once("data", (bytes) => resolve(String(bytes).trim()))
    node.once("exit", () => reject(new Error("the relay has ended")))
  })
  return { process: node, word }
}

const ended = (node: ChildProcess, signal: NodeJS.Signals) =>
  new Promise<void>((resolve) => {
    if (node.exitCode !== null || node.signalCode !== null) return resolve()
    node.once("exit", () => resolve())
    node.kill(signal)
  })
