/** Requests as bytes: mostly well-formed HTTP with one or two things wrong, since a parser refuses the rest at once. */
import type { Chance } from "../support/world-chance.ts"

export interface Names {
  readonly host: string
  readonly session: string
  /** Null for a stranger. */
  readonly token: string | null
}

const methods = ["GET", "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const
const oddMethods = ["TRACE", "CONNECT", "PROPFIND", "PRI", "get", "QUERY", "M-SEARCH", "NOTIFY", "PURGE", "X", ""]
const paths = [
  ..."/ /v1 /healthz /readyz /metrics /openapi.json /docs /v1/sessions /v1/events /v1/providers /v1/broadcast /v1/traces/replay".split(" "),
  ...["", "/hooks", "/reports", "/attach", "/attach-tickets", "/events", "/output", "/screen", "/state", "/explain", "/trace", "/wait"].map(
    (end) => `/v1/sessions/ID${end}`
  ),
  ..."/prompts /prompts/p-1 /input /interrupt /resize /recording.cast /attachments /fork /model /tools /messages"
    .split(" ")
    .map((end) => `/v1/sessions/ID${end}`)
]
/** What makes a target ambiguous to two parsers. */
const odd = [
  "\\",
  "#",
  ";",
  "%2f",
  "%5c",
  "%00",
  "%2e%2e",
  "..",
  ".",
  "//",
  "/",
  "?",
  "&",
  "=",
  "%",
  "%zz",
  "%c0%af",
  "\t",
  "\x00",
  "\x7f",
  "é",
  "%ff",
  "@",
  ":",
  "*",
  "|",
  "'",
  "%0d%0a",
  "+",
  "~"
]
const queries = [
  "cursor=WzAsIiJdIA==",
  "after=0",
  "after=-1",
  "after=1e99",
  "limit=0",
  "limit=1000",
  "ticket=x",
  "mode=control",
  "from=9999999999",
  "at=99",
  "follow=false",
  "for=ended&timeout=1ms",
  "state=ended",
  "label=a=b",
  "__proto__=1",
  "format=json",
  "a[]=1",
  "from=0x10"
]
const hosts = (host: string) => [
  host,
  host,
  host,
  host,
  host.toUpperCase(),
  `${host}.`,
  `user@${host}`,
  "evil.example",
  "",
  "localhost",
  "127.0.0.1",
  "[::1]",
  `${host}:1`,
  "0.0.0.0",
  " "
]
const extraHeaders = [
  "Origin: http://evil.example",
  "Origin: null",
  "Origin:",
  "Expect: 100-continue",
  "Expect: 200-ok",
  "Range: bytes=0-",
  "Range: bytes=-1",
  "Range: bytes=5-1",
  "Range: bytes=0-1,2-3,4-",
  "Accept: text/event-stream",
  "Last-Event-ID: x",
  "If-None-Match: *",
  'If-Match: "1"',
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Upgrade: h2c",
  "Cookie: a=b",
  "X-HTTP-Method-Override: DELETE",
  "Forwarded: for=1",
  "X-Forwarded-Host: evil.example",
  "Content-Type: text/plain",
  "Content-Type: application/json; charset=utf-16",
  "Idempotency-Key: k",
  "X-Reprise-Client: reprise",
  "X-Reprise-Client: \xe9",
  "Accept-Encoding: gzip",
  "TE: trailers",
  "Access-Control-Request-Method: POST",
  "Authorization:",
  "Authorization: Bearer",
  "Authorization: Bearer x",
  "Authorization: Basic eDp4",
  "Sec-Fetch-Site: cross-site"
]
const brokenHeaders = [
  "X y: z",
  ": z",
  "X\x00: z",
  " folded",
  "X: a\x00b",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: xchunked",
  "Content-Length: 0, 0",
  "Content-Length: -1",
  "Content-Length: +1",
  "Content-Length: 0x10",
  "Content-Length: 99999999999999999999",
  "X: a\rY: b",
  "X: a\nY: b"
]
const scalars = [
  "0",
  "-1",
  "1e308",
  "9007199254740993",
  "true",
  "null",
  '""',
  '"x"',
  '"\\u0000"',
  '"\\ud800"',
  "[]",
  "{}",
  '{"__proto__":{}}',
  '["cat"]'
]
const fields = [
  "command",
  "cwd",
  "name",
  "labels",
  "text",
  "keys",
  "seq",
  "phase",
  "id",
  "generation",
  "event",
  "payload",
  "at",
  "cols",
  "rows",
  "prompt",
  "mode",
  "keepalive",
  "env",
  "size",
  "provider",
  "reason",
  "constructor",
  "_tag"
]

export const targetOf = (chance: Chance, session: string): string => {
  const id = chance.happens(0.7)
    ? session
    : chance.pick(["s-0123456789ab", "s-", "..", "", "%2e", "x".repeat(200), `${session}%20`, session.toUpperCase()])
  let target = chance.pick(paths).replace("ID", id)
  if (chance.happens(0.3)) target += `?${chance.pick(queries)}`
  for (let left = chance.pick([0, 0, 1, 1, 1, 2, 3]); left > 0; left--) {
    const at = chance.between(0, target.length)
    target = target.slice(0, at) + chance.pick(odd) + target.slice(chance.happens(0.3) ? at + 1 : at)
  }
  if (chance.happens(0.05))
    target = chance.pick([
      `http://evil.example${target}`,
      `http://127.0.0.1${target}`,
      "*",
      `//evil.example${target}`,
      `evil.example:80`,
      `/${target}`
    ])
  if (chance.happens(0.01)) target += "a".repeat(chance.between(1, 20_000))
  return target
}

export const jsonOf = (chance: Chance, depth = 0): string => {
  if (depth > 3 || chance.happens(0.4)) return chance.pick(scalars)
  if (chance.happens(0.05)) return "[".repeat(chance.between(1, 3_000))
  const members = Array.from({ length: chance.between(0, 5) }, () => `${JSON.stringify(chance.pick(fields))}:${jsonOf(chance, depth + 1)}`)
  return chance.happens(0.8) ? `{${members.join(",")}}` : `[${members.map((member) => member.slice(member.indexOf(":") + 1)).join(",")}]`
}

const framed = (chance: Chance, body: string): { readonly header: string; readonly bytes: string } => {
  if (chance.happens(0.85)) return { header: `Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n`, bytes: body }
  const size = body.length.toString(16)
  const chunk = chance.pick([
    `${size}\r\n${body}\r\n0\r\n\r\n`,
    `${size};ext=1\r\n${body}\r\n0\r\nX: y\r\n\r\n`,
    `fffffffff\r\n${body}\r\n`,
    `${size}\n${body}\n0\n\n`,
    `-1\r\n${body}`
  ])
  const both = chance.happens(0.2) ? "Content-Length: 3\r\n" : ""
  return { header: `${both}Transfer-Encoding: chunked\r\n`, bytes: chunk }
}

/** One request. Most of them keep to HTTP's framing, so that others can follow on the same connection. */
export const requestOf = (chance: Chance, names: Names): Buffer => {
  const method = chance.happens(0.95) ? chance.pick(methods) : chance.pick(oddMethods)
  const version = chance.happens(0.97) ? "HTTP/1.1" : chance.pick(["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 x", "ICY", ""])
  const lines = [`${method} ${targetOf(chance, names.session)} ${version}`, `Host: ${chance.pick(hosts(names.host))}`]
  if (chance.happens(0.02)) lines.push(`Host: ${names.host}`)
  if (names.token !== null) lines.push(`Authorization: Bearer ${names.token}`)
  for (let left = chance.pick([0, 0, 1, 2]); left > 0; left--) lines.push(chance.pick(extraHeaders))
  if (chance.happens(0.02)) lines.push(chance.pick(brokenHeaders))
  if (chance.happens(0.03))
    lines.push(
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: reprise.attach.v1"
    )
  if (chance.happens(0.005)) lines.push(`X-Long: ${"x".repeat(chance.between(1_000, 20_000))}`)
  const hasBody = method === "POST" || method === "PUT" || method === "PATCH" || chance.happens(0.03)
  const body = hasBody ? framed(chance, jsonOf(chance)) : { header: "", bytes: "" }
  if (hasBody && chance.happens(0.8)) lines.push("Content-Type: application/json")
  const end = chance.happens(0.99) ? "\r\n" : chance.pick(["\n", "\r", ""])
  return Buffer.from(`${lines.join("\r\n")}\r\n${body.header}${end}${body.bytes}`, "latin1")
}

/** A known input with a few bytes changed. */
export const mutated = (chance: Chance, input: Buffer): Buffer => {
  const bytes = Buffer.from(input)
  for (let left = chance.between(0, 3); left > 0 && bytes.length > 0; left--)
    bytes[chance.between(0, bytes.length - 1)] = chance.between(0, 255)
  return chance.happens(0.1) ? bytes.subarray(0, chance.between(0, bytes.length)) : bytes
}
