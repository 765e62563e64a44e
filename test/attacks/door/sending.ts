/** What attacks on the listeners send, and what they demand of the answer. */
import { attachProtocol } from "../../../src/http/contract/terminal.ts"
import { placeOf, type RawReply, type SendOptions, send } from "../../support/raw-http.ts"
import type { Attack, Attacker, Ground } from "../attack.ts"

export const upgradeLines = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  `Sec-WebSocket-Protocol: ${attachProtocol}`
]

export const hostOf = ({ daemon }: Ground) => `127.0.0.1:${placeOf(daemon.url).port}`
export const bearer = ({ daemon }: Ground) => `Authorization: Bearer ${daemon.token}`

/** The first answer to these bytes; null where the connection ended without one. */
export const answerTo = async ({ daemon }: Ground, bytes: string | Buffer, options: SendOptions = {}): Promise<RawReply | null> => {
  const isHead = bytes.toString().slice(0, 5) === "HEAD "
  const { replies } = await send(placeOf(daemon.url), bytes, { replies: 1, isHead: () => isHead, ...options })
  return replies[0] ?? null
}

/** A request with the listener's own name, unless the lines bring another. */
export const requestOf = (ground: Ground, line: string, lines: ReadonlyArray<string> = [], body = "") => {
  const host = lines.some((each) => /^host:/i.test(each)) ? [] : [`Host: ${hostOf(ground)}`]
  return `${[line, ...host, ...lines].join("\r\n")}\r\n\r\n${body}`
}

export interface Attempt {
  readonly line: string
  readonly lines?: ReadonlyArray<string>
  readonly body?: string
}

/** An attack by single requests, each of which must be answered with one of these statuses; 0 stands for an end without an answer. */
export const refusal = (
  id: string,
  attacker: Attacker,
  does: string,
  statuses: ReadonlyArray<number>,
  attempts: (ground: Ground) => ReadonlyArray<Attempt>
): Attack => ({
  id,
  attacker,
  does,
  promise: `answers ${statuses.map((status) => (status === 0 ? "nothing" : status)).join(" or ")}`,
  run: async (ground) => {
    const seen = new Set<number>()
    const all = attempts(ground)
    for (const { body = "", line, lines = [] } of all) {
      const reply = await answerTo(ground, requestOf(ground, line, lines, body), { quietMs: 5_000 })
      const status = reply?.status ?? 0
      if (!statuses.includes(status)) throw new Error(`answered ${status} to ${JSON.stringify([line, ...lines])}`)
      if (reply !== null && reply.body.length > 8_192) throw new Error(`${reply.body.length} bytes for ${line}`)
      seen.add(status)
    }
    return `${[...seen].join(", ")} (${all.length} ${all.length === 1 ? "request" : "requests"})`
  }
})
