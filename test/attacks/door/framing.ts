/** HTTP that is framed in two ways, cut off, or endless. */
import { limits } from "../../../src/domain/limits.ts"
import { placeOf, send } from "../../support/raw-http.ts"
import type { Attack, Ground } from "../attack.ts"
import { answerTo, bearer, refusal, requestOf } from "./sending.ts"

const list = "GET /v1/sessions HTTP/1.1"
const create = "POST /v1/sessions HTTP/1.1"
const healthz = (ground: Ground) => requestOf(ground, "GET /healthz HTTP/1.1")

/** The header alone is wrong: with it a request is refused, and without it it would not be. */
const broken = (lines: ReadonlyArray<ReadonlyArray<string>>) => (ground: Ground) =>
  lines.map((each) => ({ line: create, lines: [bearer(ground), ...each], body: "0\r\n\r\n" }))

export const framing: ReadonlyArray<Attack> = [
  refusal(
    "door-34",
    "stranger",
    "frames a body twice, by its length and by chunks",
    [400],
    broken([
      ["Content-Length: 5", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", "Content-Length: 0"]
    ])
  ),
  refusal(
    "door-35",
    "stranger",
    "spells Transfer-Encoding in ways that two parsers read differently",
    [400],
    broken([
      ["Transfer-Encoding: xchunked"],
      ["Transfer-Encoding: chunked, identity"],
      ["Transfer-Encoding: identity"],
      ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding : chunked"],
      ["Transfer-Encoding: chunked\x00"]
    ])
  ),
  refusal(
    "door-36",
    "stranger",
    "sends two lengths, and lengths that are no number",
    [400],
    broken([
      ["Content-Length: 5", "Content-Length: 6"],
      ["Content-Length: 5, 5"],
      ["Content-Length: -1"],
      ["Content-Length: +5"],
      ["Content-Length: 0x5"],
      ["Content-Length: 99999999999999999999999"]
    ])
  ),
  refusal(
    "door-37",
    "stranger",
    "folds headers, and ends lines with one character",
    [400],
    broken([["X: a\r\n b"], ["X: a\rY: b"], [" X: a"], ["X : a"], [": a"], ["X\x00: a"], ["X: a\x00b"]])
  ),
  refusal("door-38", "stranger", "speaks HTTP/0.9, HTTP/2 and other protocols", [400, 0], () =>
    ["GET /healthz", "PRI * HTTP/2.0", "GET /healthz HTTP/2.0", "GET /healthz HTTP/9.9", "SSH-2.0-x", "\x16\x03\x01\x02\x00\x01"].map(
      (line) => ({ line })
    )
  ),
  refusal("door-39", "stranger", "asks by CONNECT to reach another port", [405], () => [{ line: "CONNECT 127.0.0.1:22 HTTP/1.1" }]),
  refusal("door-40", "local user", "has a request echoed by TRACE, with the token in it", [405], (ground) => [
    { line: "TRACE /v1/sessions HTTP/1.1", lines: [bearer(ground)] },
    { line: "TRACE /healthz HTTP/1.1", lines: [bearer(ground)] }
  ]),
  refusal("door-41", "local user", "uses methods that HTTP knows and the daemon does not", [400, 405], (ground) =>
    ["PROPFIND", "PURGE", "LOCK", "SEARCH", "BREW", "get", "G\xe9T"].map((method) => ({
      line: `${method} /v1/sessions HTTP/1.1`,
      lines: [bearer(ground)]
    }))
  ),
  {
    id: "door-42",
    attacker: "stranger",
    does: "turns a GET into a DELETE by X-HTTP-Method-Override",
    promise: "reads no method but the one of the request line",
    run: async (ground) => {
      const lines = [bearer(ground), "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE"]
      const reply = await answerTo(ground, requestOf(ground, `GET /v1/sessions/${ground.bystander.id} HTTP/1.1`, lines))
      if (reply?.status !== 200) throw new Error(`answered ${reply?.status}`)
      return "200, the session is read"
    }
  },
  {
    id: "door-43",
    attacker: "stranger",
    does: "hides a second request in the body of a refused one",
    promise: "answers once and closes the connection",
    run: async (ground) => {
      const inner = requestOf(ground, list, [bearer(ground)])
      const outer = requestOf(ground, "POST /v1/sessions/x/hooks HTTP/1.1", [`Content-Length: ${inner.length}`], inner)
      const chunked = requestOf(ground, create, ["Transfer-Encoding: chunked"], `0\r\n\r\n${inner}`)
      for (const text of [outer, chunked]) {
        const { ended, replies } = await send(placeOf(ground.daemon.url), text)
        if (replies.length !== 1 || !ended) throw new Error(`${replies.length} answers: ${replies.map(({ status }) => status).join(", ")}`)
      }
      return "1 answer each"
    }
  },
  refusal("door-44", "stranger", "sends 20,000 bytes of one header and 5,000 headers", [431], () => [
    { line: list, lines: [`X: ${"x".repeat(20_000)}`] },
    { line: list, lines: Array.from({ length: 5_000 }, (_, n) => `X-${n}: y`) },
    { line: list, lines: [`Cookie: ${"a=b; ".repeat(5_000)}`] }
  ]),
  {
    id: "door-45",
    attacker: "stranger",
    does: "sends a body in chunks whose extensions never end",
    promise: "ends the connection, and the request is not served",
    run: async (ground) => {
      const head = requestOf(ground, create, [bearer(ground), "Content-Type: application/json", "Transfer-Encoding: chunked"])
      const reply = await answerTo(ground, `${head}2;${"x".repeat(200_000)}\r\n{}\r\n0\r\n\r\n`)
      if (reply !== null && reply.status < 400) throw new Error(`answered ${reply.status}`)
      return reply === null ? "closed" : String(reply.status)
    }
  },
  {
    id: "door-46",
    attacker: "stranger",
    does: "sends 5,000 requests on one connection and reads no answer",
    promise: `closes the connection after ${limits.pipelinedRequests} that wait`,
    run: async (ground) => {
      const { ended, replies } = await send(placeOf(ground.daemon.url), healthz(ground).repeat(5_000))
      if (!ended || replies.length >= 5_000) throw new Error(`${replies.length} answers`)
      return `closed after ${replies.length} answers`
    }
  },
  {
    id: "door-47",
    attacker: "stranger",
    does: "asks to be told to go on (Expect: 100-continue) with a body of a gigabyte",
    promise: "refuses it without asking for the body",
    run: async (ground) => {
      const reply = await answerTo(ground, requestOf(ground, create, ["Expect: 100-continue", "Content-Length: 1000000000"]))
      if (reply?.status !== 401) throw new Error(`answered ${reply?.status}`)
      return "401"
    }
  },
  refusal("door-48", "local user", "expects something that is no 100-continue", [417], (ground) => [
    { line: list, lines: [bearer(ground), "Expect: 200-ok"] },
    { line: list, lines: [bearer(ground), "Expect: x".padEnd(3_000, "x")] }
  ]),
  {
    id: "door-49",
    attacker: "stranger",
    does: "leaves 400 connections in the middle of a request, by resets and half-closes",
    promise: "gives every descriptor back",
    run: async (ground) => {
      const parts = ["G", "GET /healthz HTTP/1.1\r\n", healthz(ground).repeat(3), requestOf(ground, create, ["Content-Length: 9"], "{")]
      for (let round = 0; round < 25; round++) {
        await Promise.all(
          Array.from({ length: 16 }, (_, n) =>
            send(placeOf(ground.daemon.url), parts[n % parts.length]!, { leave: n % 3 === 0 ? "half-close" : "reset", quietMs: 20 })
          )
        )
      }
      const reply = await answerTo(ground, healthz(ground))
      if (reply?.status !== 200) throw new Error(`healthz answered ${reply?.status}`)
      return "400 left, healthz 200"
    }
  },
  {
    id: "door-50",
    attacker: "stranger",
    does: "closes its half of the connection behind a request",
    promise: "still answers",
    run: async (ground) => {
      const reply = await answerTo(ground, healthz(ground), { leave: "half-close" })
      if (reply?.status !== 200) throw new Error(`answered ${reply?.status}`)
      return "200"
    }
  },
  {
    id: "door-51",
    attacker: "stranger",
    does: "sends the headers of a request byte by byte",
    promise: `answers 408 and closes the connection after ${limits.headersMs / 1_000} s`,
    isLong: true,
    run: async (ground) => {
      const { replies, tookMs } = await slowly(ground, "GET /healthz HTTP/1.1\r\n", "X: y\r\n")
      if (replies[0]?.status !== 408) throw new Error(`answered ${replies[0]?.status}`)
      return `408 after ${Math.round(tookMs / 1_000)} s`
    }
  },
  {
    id: "door-52",
    attacker: "local user",
    does: "sends a body byte by byte",
    promise: `closes the connection within ${limits.requestMs / 1_000 + 10} s`,
    isLong: true,
    run: async (ground) => {
      const head = requestOf(ground, create, [bearer(ground), "Content-Type: application/json", "Content-Length: 100000"])
      const { ended, tookMs } = await slowly(ground, head, "{")
      if (!ended) throw new Error("the connection is still open")
      return `closed after ${Math.round(tookMs / 1_000)} s`
    }
  },
  {
    id: "door-53",
    attacker: "stranger",
    does: "opens a connection and never sends a byte",
    promise: "closes the connection",
    isLong: true,
    run: async ({ daemon }) => {
      const startedAt = performance.now()
      const { ended } = await send(placeOf(daemon.url), "", { quietMs: 60_000 })
      if (!ended) throw new Error("the connection is still open")
      return `closed after ${Math.round((performance.now() - startedAt) / 1_000)} s`
    }
  }
]

const slowly = async ({ daemon }: Ground, head: string, drop: string) => {
  const startedAt = performance.now()
  const exchange = await send(placeOf(daemon.url), head, { quietMs: 60_000, drip: { text: drop, everyMs: 300 } })
  return { ...exchange, tookMs: performance.now() - startedAt }
}
