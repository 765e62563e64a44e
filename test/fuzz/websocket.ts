/** Fuzzes the way to a terminal: handshakes with one thing wrong, and frames that break the protocol in each of its rules. */
import { connect, type Socket } from "node:net"
import { attachProtocol } from "../../src/http/contract/terminal.ts"
import { placeOf, ReplyReader } from "../support/raw-http.ts"
import { closeCodeIn, frame } from "../support/raw-websocket.ts"
import { Chance } from "../support/world-chance.ts"
import { corpusOf } from "./corpus.ts"
import { jsonOf, mutated } from "./http-grammar.ts"
import { hasMore, type Outcome, type Target } from "./target.ts"
import { type Watch, withWatchedDaemon } from "./watched-daemon.ts"

export const websocket: Target = {
  name: "websocket",
  promise: "survives every handshake and every frame of an attached client",
  run: async (seed, budget): Promise<Outcome> => {
    const chance = new Chance(seed)
    const corpus = corpusOf("websocket")
    const known = new Set<string>()
    let inputs = 0
    const watched = await withWatchedDaemon(budget, async (watch) => {
      while (hasMore(budget, inputs)) {
        const clients = Array.from({ length: clientsAtOnce }, () => clientOf(chance, watch, corpus))
        await Promise.all(
          clients.map(async (client) => {
            inputs += 1 + client.frames.length
            const kind = await conversation(watch, client)
            if (kind.startsWith("500")) watch.found(kind, client.handshake)
            if (kind.startsWith("101") && !client.mayAttach) watch.found("attached a stranger", client.handshake)
            if (known.has(kind)) return
            known.add(kind)
            budget.keep(Buffer.concat(client.frames))
          })
        )
        await watch.look(() => Buffer.concat(clients.flatMap(({ frames }) => frames)))
      }
    })
    return { inputs, findings: watched.findings, figures: { ...watched.figures, "kinds of endings": known.size } }
  }
}

/** Stands for the handshake, which the reader of replies has taken. */
const handshakeEnd = Buffer.from("\r\n\r\n")
const clientsAtOnce = 8
const quietMs = 250

interface Client {
  readonly handshake: string
  readonly mayAttach: boolean
  readonly frames: ReadonlyArray<Buffer>
  /** Frames come together with the handshake, before the daemon has answered it. */
  readonly eager: boolean
  readonly reads: boolean
}

const clientOf = (chance: Chance, { daemon, session }: Watch, corpus: ReadonlyArray<Buffer>): Client => {
  const mayAttach = chance.happens(0.75)
  const frames = Array.from({ length: chance.between(0, 8) }, () =>
    corpus.length > 0 && chance.happens(0.2) ? mutated(chance, chance.pick(corpus)) : frameOf(chance)
  )
  return {
    handshake: handshakeOf(chance, daemon, session.id, mayAttach),
    mayAttach,
    frames,
    eager: chance.happens(0.2),
    reads: chance.happens(0.9)
  }
}

const oddLines = [
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Key: x",
  "Sec-WebSocket-Key:",
  "Sec-WebSocket-Protocol: other",
  "Sec-WebSocket-Protocol: ,,",
  "Sec-WebSocket-Extensions: permessage-deflate",
  'Sec-WebSocket-Extensions: ;;="',
  "Upgrade: h2c",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "X-Reprise-Client: \xff",
  "Expect: 100-continue"
]
const oddTargets = [
  "/attach/",
  "/attach//",
  "/attach#",
  "/attach?ticket=",
  "/attach?ticket=x&ticket=y",
  "/attach?mode=control&mode=view",
  "/attach?mode=x",
  "/attach?__proto__=x",
  "/hooks",
  "/attach%00",
  "\\attach",
  "/attach\\",
  "/attach;/hooks",
  "/Attach"
]

const handshakeOf = (chance: Chance, { token, url }: Watch["daemon"], session: string, mayAttach: boolean): string => {
  const { host, port } = placeOf(url)
  const target = chance.happens(0.8) ? `/attach?mode=${chance.pick(["control", "view"])}` : chance.pick(oddTargets)
  const lines = [
    `${chance.happens(0.97) ? "GET" : chance.pick(["POST", "HEAD", "OPTIONS", "CONNECT"])} /v1/sessions/${session}${target} HTTP/1.1`,
    `Host: ${host}:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Protocol: ${attachProtocol}`
  ]
  if (mayAttach) lines.push(`Authorization: Bearer ${token}`)
  if (chance.happens(0.2)) lines[chance.between(2, lines.length - 1)] = chance.pick(oddLines)
  return `${lines.join("\r\n")}\r\n\r\n`
}

const texts = [
  '{"type":"resize","cols":80,"rows":24}',
  '{"type":"resize","cols":0,"rows":0}',
  '{"type":"resize","cols":1e9,"rows":-1}',
  '{"type":"resize","cols":80.5,"rows":24}',
  '{"type":"resize","cols":1000,"rows":1000}',
  '{"type":"hello"}',
  "",
  "x",
  "\xff\xfe",
  '{"type":"resize","cols":80,"rows":24,"__proto__":1}'
]
const closeCodes = [0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 3000, 4999, 5000, 65_535]

const payloadOf = (chance: Chance, opcode: number): Buffer => {
  if (opcode === 8) {
    const code = Buffer.alloc(chance.pick([0, 1, 2]))
    if (code.length === 2) code.writeUInt16BE(chance.pick(closeCodes))
    return Buffer.concat([code, Buffer.from(chance.pick(["", "bye", "\xff", "x".repeat(130)]), "latin1")])
  }
  if (opcode === 1)
    return Buffer.from(chance.happens(0.6) ? chance.pick(texts) : chance.happens(0.8) ? jsonOf(chance) : "[".repeat(20_000), "latin1")
  return Buffer.alloc(chance.pick([0, 1, 5, 125, 126, 1_000, 65_536, 70_000]), chance.pick(["x", "\r", "\x03", "\x1b[c", "\0"]))
}

/** One frame: now and then unmasked, fragmented, with reserved bits, or with a length that is a lie. */
const frameOf = (chance: Chance): Buffer => {
  const opcode = chance.pick([0, 1, 1, 1, 2, 2, 2, 8, 9, 10, 3, 11])
  const payload = payloadOf(chance, opcode)
  return frame(opcode, payload, {
    masked: chance.happens(0.95),
    final: chance.happens(0.85),
    reserved: chance.happens(0.04) ? chance.pick([0x10, 0x20, 0x40, 0x70]) : 0,
    length: chance.happens(0.97) ? payload.length : chance.pick([0, 1, 126, 65_537, 2 ** 31, 2 ** 52]),
    mask: Buffer.from(chance.hex(4), "hex")
  })
}

/** The status of the handshake, and how the connection ended: with the daemon's close code, without one, or not at all. */
const conversation = ({ daemon }: Watch, client: Client): Promise<string> =>
  new Promise((resolve) => {
    const reader = new ReplyReader()
    const received: Array<Buffer> = []
    const socket = connect({ ...placeOf(daemon.url), allowHalfOpen: false }, () => {
      socket.write(client.handshake, "latin1")
      if (client.eager) sendAll(socket, client.frames)
    })
    const finish = (how: string) => {
      socket.destroy()
      const [head] = reader.replies
      resolve(head === undefined ? "no answer" : head.status === 101 ? `101 ${how}` : `${head.status} ${head.body.slice(0, 200)}`)
    }
    socket.setTimeout(quietMs, () => finish("open"))
    socket.on("data", (chunk) => {
      const isFirst = reader.replies.length === 0
      if (isFirst) reader.take(chunk)
      else received.push(chunk)
      if (!isFirst || reader.replies[0]?.status !== 101) return
      if (!client.reads) socket.pause()
      if (!client.eager) sendAll(socket, client.frames)
    })
    socket.on("error", () => {})
    socket.on("close", () => finish(`closed ${closeCodeIn(Buffer.concat([handshakeEnd, ...received])) ?? "without a code"}`))
  })

const sendAll = (socket: Socket, frames: ReadonlyArray<Buffer>) => {
  for (const frame of frames) socket.write(frame)
}
