/** Many connections at once, on machines with few descriptors, and clients that keep a daemon from ending. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TestDaemon } from "../../support/daemon.ts"
import { placeOf, send } from "../../support/raw-http.ts"
import type { Attack } from "../attack.ts"

/** Connections that send nothing, or these bytes; those that the daemon closes stay closed. */
const crowd = async (daemon: TestDaemon, count: number, bytes = "") => {
  const sockets: Array<Socket> = []
  for (let at = 0; at < count; at += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, count - at) }, () => {
        const socket = connect(placeOf(daemon.url))
        sockets.push(socket)
        socket.on("error", () => {})
        socket.on("data", () => {})
        return new Promise<void>((resolve) => {
          socket.on("connect", () => {
            if (bytes !== "") socket.write(bytes)
            resolve()
          })
          socket.on("close", () => resolve())
        })
      })
    )
  }
  return { sockets, leave: () => sockets.forEach((socket) => void socket.destroy()) }
}

/** A daemon with this many descriptors; a stranger's crowd must keep neither its client nor its holders out. */
const besieged = async (descriptors: number, count: number, bytesOf: (daemon: TestDaemon) => string = () => "") => {
  await using daemon = new TestDaemon()
  await daemon.start({}, { descriptors })
  const pid = daemon.pid
  const { leave, sockets } = await crowd(daemon, count, bytesOf(daemon))
  const session = await daemon.create(["cat"])
  await daemon.reaches(session.id, "streaming", ({ state }) => state === "streaming")
  await daemon.done("POST", `/v1/sessions/${session.id}/input`, { text: "hello\r" })
  const open = readdirSync(`/proc/${pid}/fd`).length
  const closed = sockets.filter(({ destroyed, readyState }) => destroyed || readyState !== "open").length
  leave()
  if (daemon.pid !== pid) throw new Error("the daemon is another process")
  await daemon.done("GET", "/readyz")
  return `client served, ${open} of ${descriptors} descriptors, ${closed} of ${count} strangers closed`
}

const crowded = (id: string, descriptors: number, count: number): Attack => ({
  id,
  attacker: "stranger",
  does: `opens ${count} idle connections to a daemon with ${descriptors} descriptors`,
  promise: "closes strangers' connections first, and serves a client that has the token",
  isAlone: true,
  run: () => besieged(descriptors, count)
})

export const crowds: ReadonlyArray<Attack> = [
  crowded("door-84", 256, 400),
  crowded("door-85", 1_024, 1_100),
  {
    id: "door-86",
    attacker: "stranger",
    does: "opens 400 connections that have begun a request, to a daemon with 256 descriptors",
    promise: "closes strangers' connections first, and serves a client that has the token",
    isAlone: true,
    run: () => besieged(256, 400, () => "POST /v1/sessions HTTP/1.1\r\nHost: ")
  },
  {
    id: "door-87",
    attacker: "stranger",
    does: "keeps 400 connections alive by asking for the health of a daemon with 256 descriptors",
    promise: "closes strangers' connections first, and serves a client that has the token",
    isAlone: true,
    run: () => besieged(256, 400, ({ url }) => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${placeOf(url).port}\r\n\r\n`)
  },
  {
    id: "door-88",
    attacker: "machine",
    does: "gives the daemon 64 descriptors",
    promise: "refuses to start in one sentence, and leaves nothing behind",
    isAlone: true,
    run: async () => {
      const home = mkdtempSync(join(tmpdir(), "reprise-few-"))
      try {
        const words = [
          process.execPath,
          join(import.meta.dirname, "../../../bin/reprise.js"),
          "--home",
          join(home, "h"),
          "serve",
          "--port",
          "0"
        ]
        const { status, stderr } = spawnSync("/bin/sh", ["-c", 'ulimit -n 64; exec "$@"', "sh", ...words], {
          encoding: "utf8",
          timeout: 60_000
        })
        if (status !== 1 || stderr.trim().split("\n").length !== 1) throw new Error(`exit ${status}: ${stderr}`)
        if (readdirSync(home).length > 0) throw new Error(`left ${readdirSync(home).join(", ")}`)
        return `exit 1: ${stderr.trim()}`
      } finally {
        rmSync(home, { recursive: true, force: true })
      }
    }
  },
  {
    id: "door-89",
    attacker: "stranger",
    does: "leaves requests without an answer on 50 connections, and the daemon is asked to end",
    promise: "ends within 15 s",
    isAlone: true,
    run: async () => {
      await using daemon = new TestDaemon()
      await daemon.start()
      const host = `Host: 127.0.0.1:${placeOf(daemon.url).port}`
      const heads = `HEAD /healthz HTTP/1.1\r\n${host}\r\n\r\n`.repeat(15)
      for (let round = 0; round < 50; round++) await send(placeOf(daemon.url), heads, { leave: "reset", replies: 1, quietMs: 50 })
      const { leave } = await crowd(daemon, 50, heads)
      const startedAt = performance.now()
      process.kill(daemon.pid, "SIGTERM")
      const ended = await Promise.race([
        daemon.ended(),
        new Promise<"late">((resolve) => setTimeout(() => resolve("late"), 15_000).unref())
      ])
      leave()
      if (ended === "late") {
        await daemon.kill()
        throw new Error("the daemon still runs after 15 s")
      }
      return `ended after ${Math.round(performance.now() - startedAt)} ms`
    }
  },
  {
    id: "door-90",
    attacker: "local user",
    does: "follows the log and a terminal by 200 streams, and reads none of them",
    promise: "keeps its memory level, and answers healthz at once",
    run: async ({ bystander, daemon }) => {
      const host = `Host: 127.0.0.1:${placeOf(daemon.url).port}\r\nAuthorization: Bearer ${daemon.token}`
      const events = `GET /v1/events HTTP/1.1\r\n${host}\r\nAccept: text/event-stream\r\n\r\n`
      const output = `GET /v1/sessions/${bystander.id}/output?from=0&follow=true HTTP/1.1\r\n${host}\r\n\r\n`
      const { leave } = await crowd(daemon, 100, events)
      const others = await crowd(daemon, 100, output)
      for (let round = 0; round < 20; round++)
        await daemon.done("POST", `/v1/sessions/${bystander.id}/input`, { text: `${"x".repeat(1_000)}\r` })
      const startedAt = performance.now()
      await daemon.done("GET", "/healthz")
      const tookMs = performance.now() - startedAt
      leave()
      others.leave()
      if (tookMs > 5_000) throw new Error(`healthz took ${Math.round(tookMs)} ms`)
      return `healthz ${Math.round(tookMs)} ms`
    }
  }
]
