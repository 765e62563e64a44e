/** Brings what an agent's hook says to the daemon, or leaves it in the spool: never fails, never prints unasked, never takes long. */
import { closeSync, constants, writeSync } from "node:fs"
import { connect } from "node:net"
import type { HookCall } from "../../domain/hook-call.ts"
import { limits } from "../../domain/limits.ts"
import { openRegular } from "../regular-file.ts"
import { assertOwnSocket } from "../trusted-place.ts"

/**
 * `hook [--json] <event> [payload]`: the payload is read from standard input where it is no argument; `--json` prints `{}`, for agents
 * that read an answer. Where to say it stands in the environment: REPRISE_HOOK_SOCKET, REPRISE_HOOK_TOKEN, REPRISE_SESSION,
 * REPRISE_GENERATION, REPRISE_HOOK_SPOOL; REPRISE_HOOK_CALL and REPRISE_HOOK_AT where the call has a name and a time already. Loads nothing but what Node has loaded anyhow: the agent waits for every millisecond.
 */
const main = async () => {
  const words = process.argv.slice(2)
  const json = words[0] === "--json"
  if (json) words.shift()
  const leave = () => {
    if (json) print("{}\n")
    process.exit(0)
  }
  process.on("uncaughtException", leave)
  process.on("unhandledRejection", leave)
  const [event, argument] = words
  const generation = Number(process.env.REPRISE_GENERATION)
  if (event === undefined || !Number.isInteger(generation)) return leave()
  // The hook that tried to say it before gives its own name and time of it.
  const at = Number(process.env.REPRISE_HOOK_AT) || Date.now()
  const call: HookCall = {
    id:
      process.env.REPRISE_HOOK_CALL?.slice(0, limits.hookIdChars) ||
      `${at.toString(36)}-${process.pid.toString(36)}-${Math.random().toString(36).slice(2)}`,
    generation,
    event: event.slice(0, limits.hookEventChars),
    payload: payloadOf(argument === undefined ? await input() : Buffer.from(argument)),
    at
  }
  if (!(await isTold(JSON.stringify(call)))) spool(JSON.stringify(call))
  leave()
}

/** What stands on standard input by its end, or by the time that it should have ended. */
const input = () =>
  new Promise<Buffer>((resolve) => {
    if (process.stdin.isTTY) return resolve(Buffer.alloc(0))
    const pieces: Array<Buffer> = []
    let bytes = 0
    const done = () => resolve(Buffer.concat(pieces))
    process.stdin.on("data", (piece: Buffer) => {
      pieces.push(piece)
      bytes += piece.length
      if (bytes > limits.hookInputBytes) done()
    })
    process.stdin.on("end", done).on("error", done)
    // On a machine in trouble the time may be up before anything was read that lies there: once round, then.
    setTimeout(() => setImmediate(done), limits.hookInputMs)
  })

const payloadOf = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return null
  const text = bytes.toString("utf8")
  let payload: unknown
  try {
    payload = JSON.parse(text)
  } catch {
    return text.slice(0, limits.hookTextChars)
  }
  if (bytes.length <= limits.hookPayloadBytes) return payload
  const shortened = JSON.stringify(payload, (_, value) => (typeof value === "string" ? value.slice(0, limits.hookTextChars) : value))
  if (Buffer.byteLength(shortened) <= limits.hookPayloadBytes) return JSON.parse(shortened)
  // Not by its length alone but by its build: what stands at the top names source and event, and is short.
  const top = JSON.stringify(Object.entries(JSON.parse(shortened)).filter(([, value]) => typeof value !== "object"))
  return Buffer.byteLength(top) <= limits.hookPayloadBytes ? Object.fromEntries(JSON.parse(top)) : null
}

/** False when it is worth saying later: no daemon answered in time, or one that cannot take it now. A refusal would be one again. */
const isTold = (body: string) =>
  new Promise<boolean>((resolve) => {
    const { REPRISE_HOOK_SOCKET: path, REPRISE_HOOK_TOKEN: token, REPRISE_SESSION: session } = process.env
    if (path === undefined || token === undefined || session === undefined) return resolve(false)
    try {
      assertOwnSocket(path)
    } catch {
      return resolve(false)
    }
    setTimeout(() => resolve(false), limits.hookAnswerMs)
    const socket = connect(path, () => {
      socket.write(
        `POST /v1/sessions/${encodeURIComponent(session)}/hooks HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
          `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
      )
    })
    let answer = ""
    socket.on("data", (piece: Buffer) => {
      answer += piece.toString("latin1")
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
      if (status >= 200) resolve(status < 500 && status !== 429)
    })
    socket.on("close", () => resolve(false)).on("error", () => resolve(false))
  })

/** One write at the end of the file, which others may be writing to. It begins a line even where a full disk tore the one before. */
const spool = (line: string) => {
  const path = process.env.REPRISE_HOOK_SPOOL
  if (path === undefined) return
  try {
    const rule = { ours: true, written: true }
    const { fd, size } = openRegular(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, rule)
    if (size < limits.hookSpoolBytes) writeSync(fd, `\n${line}\n`)
    closeSync(fd)
  } catch {
    // The session is gone, or its disk is full: no place is left for it.
  }
}

const print = (text: string) => {
  try {
    writeSync(1, text)
  } catch {
    // The agent that asked is gone.
  }
}

void main()
