/** Handshakes and frames that break the protocol, and tickets that are guessed, used twice or used elsewhere. */
import { connect, type Socket } from "node:net"
import { limits } from "../../../src/domain/limits.ts"
import { placeOf } from "../../support/raw-http.ts"
import { closeCodeIn, frame } from "../../support/raw-websocket.ts"
import type { Attack, Ground } from "../attack.ts"
import { answerTo, bearer, refusal, requestOf, upgradeLines } from "./sending.ts"

const attachTo = ({ bystander }: Ground, query = "") => `GET /v1/sessions/${bystander.id}/attach${query} HTTP/1.1`

const attachRequest = (ground: Ground, query = "") => requestOf(ground, attachTo(ground, query), [...upgradeLines, bearer(ground)])

interface Ended {
  readonly status: number
  /** Null where the connection is still open, or ended without a close frame. */
  readonly code: number | null
  readonly ended: boolean
  readonly bytes: number
}

/** Attaches, sends these bytes, and waits for the end of the connection. */
const converse = (ground: Ground, bytes: Buffer, { query = "", eager = false, quietMs = 3_000, reads = true } = {}) =>
  new Promise<Ended>((resolve) => {
    const received: Array<Buffer> = []
    const socket = connect(placeOf(ground.daemon.url), () => {
      socket.write(attachRequest(ground, query), "latin1")
      if (eager) socket.write(bytes)
    })
    const finish = (ended: boolean) => {
      socket.destroy()
      const all = Buffer.concat(received)
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(all.subarray(0, 20).toString("latin1"))?.[1] ?? 0)
      resolve({ status, code: ended ? closeCodeIn(all) : null, ended, bytes: all.length })
    }
    socket.setTimeout(quietMs, () => finish(false))
    socket.on("data", (chunk) => {
      if (received.length === 0 && !eager) socket.write(bytes)
      received.push(chunk)
      // A client that answered the close would end the connection here; the daemon would wait 2 s for one that does not.
      if (closeCodeIn(Buffer.concat(received)) !== null) return finish(true)
      if (!reads) socket.pause()
    })
    socket.on("error", () => {})
    socket.on("close", () => finish(true))
  })

const closes = (id: string, does: string, code: number, frames: ReadonlyArray<Buffer>): Attack => ({
  id,
  attacker: "local user",
  does,
  promise: `closes the connection with ${code}`,
  run: async (ground) => {
    for (const each of frames) {
      for (const seen of await Promise.all([converse(ground, each), converse(ground, each, { eager: true })])) {
        if (seen.code !== code) throw new Error(`${JSON.stringify(seen)} for ${each.subarray(0, 40).toString("hex")}`)
      }
    }
    return `${code} (${frames.length * 2} connections)`
  }
})

const ticketFor = async ({ bystander, daemon }: Ground, mode: "control" | "view") =>
  ((await daemon.done("POST", `/v1/sessions/${bystander.id}/attach-tickets`, { mode })) as { readonly ticket: string }).ticket

const withTicket = (ground: Ground, id: string, ticket: string) =>
  answerTo(ground, requestOf(ground, `GET /v1/sessions/${id}/attach?ticket=${ticket} HTTP/1.1`, upgradeLines))

export const websockets: ReadonlyArray<Attack> = [
  refusal("door-68", "local user", "shakes hands without version, key or protocol, or with others", [400, 426], (ground) =>
    [
      upgradeLines.filter((line) => !line.includes("Version")),
      upgradeLines.filter((line) => !line.includes("Key")),
      upgradeLines.filter((line) => !line.includes("-Protocol")),
      [...upgradeLines.filter((line) => !line.includes("Version")), "Sec-WebSocket-Version: 8"],
      [...upgradeLines.filter((line) => !line.includes("Key")), "Sec-WebSocket-Key: short"],
      [...upgradeLines.filter((line) => !line.includes("-Protocol")), "Sec-WebSocket-Protocol: other, ,,"]
    ].map((lines) => ({ line: attachTo(ground), lines: [...lines, bearer(ground)] }))
  ),
  refusal("door-69", "local user", "asks for a mode that there is not, twice, or with other fields", [400], (ground) =>
    ["?mode=root", "?mode=view&mode=control", "?x=1", "?__proto__=1", "?ticket=a&ticket=b", "?mode="].map((query) => ({
      line: attachTo(ground, query),
      lines: [...upgradeLines, bearer(ground)]
    }))
  ),
  refusal("door-70", "local user", "upgrades by other methods and on other paths", [404, 405], (ground) => [
    ...["POST", "DELETE"].map((method) => ({
      line: `${method} /v1/sessions/${ground.bystander.id}/attach HTTP/1.1`,
      lines: [...upgradeLines, bearer(ground)]
    })),
    ...["/", "/v1/sessions", "/healthz", "/v1/sessions/s-0123456789ab/attach"].map((path) => ({
      line: `GET ${path} HTTP/1.1`,
      lines: [...upgradeLines, bearer(ground)]
    }))
  ]),
  {
    id: "door-71",
    attacker: "stranger",
    does: "uses a ticket twice",
    promise: "answers 401 to the second",
    run: async (ground) => {
      const ticket = await ticketFor(ground, "control")
      const statuses = [await withTicket(ground, ground.bystander.id, ticket), await withTicket(ground, ground.bystander.id, ticket)].map(
        (reply) => reply?.status
      )
      if (statuses.join() !== "101,401") throw new Error(statuses.join())
      return "101, then 401"
    }
  },
  {
    id: "door-72",
    attacker: "stranger",
    does: "uses a ticket for another session, and then for its own",
    promise: "answers 401 to both",
    run: async (ground) => {
      const ticket = await ticketFor(ground, "control")
      const statuses = [await withTicket(ground, "s-0123456789ab", ticket), await withTicket(ground, ground.bystander.id, ticket)].map(
        (reply) => reply?.status
      )
      if (statuses.join() !== "401,401") throw new Error(statuses.join())
      return "401, 401"
    }
  },
  {
    id: "door-73",
    attacker: "stranger",
    does: "guesses 500 tickets, of every length and script",
    promise: "answers 401 or 400",
    run: async (ground) => {
      const guesses = Array.from({ length: 500 }, (_, n) =>
        n % 2 === 0 ? "A".repeat(n % 60) : `%${((n % 200) | 0x20).toString(16).padStart(2, "0")}`
      )
      const seen = new Set<number>()
      for (const guess of guesses) seen.add((await withTicket(ground, ground.bystander.id, guess))?.status ?? 0)
      if ([...seen].some((status) => status !== 401 && status !== 400)) throw new Error([...seen].join())
      return [...seen].join(", ")
    }
  },
  {
    id: "door-74",
    attacker: "local user",
    does: "types into a terminal that its ticket only lets it see",
    promise: "closes the connection with 1008, and types nothing",
    run: async (ground) => {
      const { code } = await converse(ground, frame(2, Buffer.from("owned-by-view\r")), { query: "?mode=view" })
      if (code !== 1008) throw new Error(`closed with ${code}`)
      if ((await ground.daemon.output(ground.bystander.id)).includes("owned-by-view")) throw new Error("it was typed")
      return "1008"
    }
  },
  closes("door-75", "sends frames that are not masked", 1002, [
    frame(2, Buffer.from("x"), { masked: false }),
    frame(1, Buffer.from("{}"), { masked: false })
  ]),
  closes("door-76", "sets reserved bits, and uses opcodes that there are not", 1002, [
    frame(2, Buffer.from("x"), { reserved: 0x40 }),
    frame(2, Buffer.from("x"), { reserved: 0x20 }),
    frame(3, Buffer.from("x")),
    frame(11, Buffer.from("x"))
  ]),
  closes("door-77", "breaks the rules of control frames: fragments, lengths, close codes", 1002, [
    frame(9, Buffer.from("x"), { final: false }),
    frame(9, Buffer.alloc(126)),
    frame(8, Buffer.from([3])),
    frame(8, Buffer.from([0x03, 0xed])),
    frame(8, Buffer.from([0xff, 0xff])),
    frame(0, Buffer.from("x"))
  ]),
  closes("door-78", "announces frames of 64 kB to 2^63 bytes", 1009, [
    frame(2, Buffer.alloc(limits.clientFrameBytes + 1)),
    frame(2, Buffer.alloc(10), { length: 2 ** 31 }),
    frame(2, Buffer.alloc(10), { length: 2 ** 52 })
  ]),
  closes("door-79", "sends a message in fragments without end", 1009, [
    Buffer.concat([
      frame(2, Buffer.alloc(10_000), { final: false }),
      ...Array.from({ length: 10 }, () => frame(0, Buffer.alloc(10_000), { final: false }))
    ])
  ]),
  closes("door-80", "sends text that is no control, nests, or is no UTF-8", 1007, [
    ...["x", "", "{}", "[".repeat(60_000), '{"type":"hello"}', '{"type":"resize"}', '{"type":"resize","cols":80,"rows":24,"x":1}'].map(
      (text) => frame(1, Buffer.from(text))
    ),
    frame(1, Buffer.from([0xff, 0xfe]))
  ]),
  closes(
    "door-81",
    "resizes to sizes that are no sizes",
    1007,
    ["0", "-1", "80.5", '"80"', "null", "[80]"].map((cols) => frame(1, Buffer.from(`{"type":"resize","cols":${cols},"rows":24}`)))
  ),
  {
    id: "door-91",
    attacker: "local user",
    does: "resizes to sizes beyond every screen",
    promise: "keeps the connection, and gives the terminal at most its largest size",
    run: async (ground) => {
      const huge = ["1e9", "10001", "9007199254740991"].map((cols) =>
        frame(1, Buffer.from(`{"type":"resize","cols":${cols},"rows":${cols}}`))
      )
      const ended = (await Promise.all(huge.map((each) => converse(ground, each)))).filter(({ ended }) => ended)
      if (ended.length > 0) throw new Error(JSON.stringify(ended))
      const { size } = (await ground.daemon.done("GET", `/v1/sessions/${ground.bystander.id}`)) as {
        readonly size: { readonly cols: number; readonly rows: number }
      }
      if (size.cols > limits.cols.maximum || size.rows > limits.rows.maximum) throw new Error(JSON.stringify(size))
      return `3 connections kept, ${size.cols} columns and ${size.rows} rows`
    }
  },
  {
    id: "door-82",
    attacker: "local user",
    does: "sends 200,000 pings and reads no pong",
    promise: "keeps its memory level",
    run: async (ground) => {
      const before = await memoryMb(ground)
      const pings = Buffer.concat(Array.from({ length: 20_000 }, () => frame(9, Buffer.alloc(125))))
      await Promise.all(Array.from({ length: 10 }, () => converse(ground, pings, { reads: false, quietMs: 2_000 })))
      const grown = (await memoryMb(ground)) - before
      if (grown > 150) throw new Error(`memory grew by ${grown} MB`)
      return `${grown} MB more`
    }
  },
  {
    id: "door-83",
    attacker: "local user",
    does: "attaches, never reads, and never closes",
    promise: "counts such clients, refuses the one beyond the limit, and serves others",
    run: async (ground) => {
      const seen = await Promise.all(Array.from({ length: limits.clientsPerSession + 6 }, () => held(ground)))
      for (const { socket } of seen) socket.destroy()
      const refused = seen.filter(({ status }) => status === 429 || status === 409).length
      if (refused < 1 || seen.some(({ status }) => ![101, 409, 429].includes(status)))
        throw new Error(seen.map(({ status }) => status).join())
      return `${seen.length - refused} attached, ${refused} refused`
    }
  }
]

/** A connection that is attached, or refused, and stays open; it reads the first bytes of the answer and no more. */
const held = (ground: Ground) =>
  new Promise<{ readonly status: number; readonly socket: Socket }>((resolve) => {
    const socket = connect(placeOf(ground.daemon.url), () => socket.write(attachRequest(ground), "latin1"))
    socket.on("data", (chunk) => {
      socket.pause()
      resolve({ socket, status: Number(chunk.subarray(9, 12).toString("latin1")) })
    })
    socket.on("error", () => {})
    socket.on("close", () => resolve({ socket, status: 0 }))
  })

const memoryMb = async ({ daemon }: Ground) => {
  const { readFileSync } = await import("node:fs")
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))?.[1]) / 1_024)
}
