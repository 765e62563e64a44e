/** What a web page can make a browser send, and what its server can name a listener. */
import type { Attack, Ground } from "../attack.ts"
import { answerTo, bearer, hostOf, refusal, requestOf, upgradeLines } from "./sending.ts"

const list = "GET /v1/sessions HTTP/1.1"
const asked = (ground: Ground, hosts: ReadonlyArray<string>) =>
  hosts.map((host) => ({ line: list, lines: [`Host: ${host}`, bearer(ground)] }))
const foreign = "Origin: http://evil.example"

export const pages: ReadonlyArray<Attack> = [
  refusal("door-22", "web page", "reaches the listener by a name of its own (DNS rebinding)", [421], (ground) =>
    asked(ground, ["evil.example", `evil.example:${hostOf(ground).split(":")[1]}`, "127.0.0.1.evil.example", "localhost.evil.example"])
  ),
  refusal(
    "door-23",
    "web page",
    "dresses up the Host header: user, trailing dot, other port, other spelling of the address",
    [421],
    (ground) => {
      const port = hostOf(ground).split(":")[1]
      return asked(ground, [
        `x@127.0.0.1:${port}`,
        `127.0.0.1.:${port}`,
        "127.0.0.1",
        `127.0.0.1:${Number(port) + 1}`,
        `127.1:${port}`,
        `2130706433:${port}`,
        `0.0.0.0:${port}`,
        `[::ffff:127.0.0.1]:${port}`,
        `127.0.0.1:${port},evil.example`,
        ""
      ])
    }
  ),
  refusal("door-24", "stranger", "sends two Host headers, in both orders", [400], (ground) => [
    { line: list, lines: [`Host: ${hostOf(ground)}`, "Host: evil.example", bearer(ground)] },
    { line: list, lines: ["Host: evil.example", `Host: ${hostOf(ground)}`, bearer(ground)] },
    { line: list, lines: [`Host: ${hostOf(ground)}`, `host: ${hostOf(ground)}`, bearer(ground)] }
  ]),
  refusal("door-25", "stranger", "forwards another host in the headers of proxies", [401], () =>
    ["X-Forwarded-Host: localhost", "Forwarded: for=127.0.0.1;host=localhost", "X-Original-URL: /healthz", "X-Rewrite-URL: /healthz"].map(
      (line) => ({ line: list, lines: [line] })
    )
  ),
  refusal("door-26", "web page", "asks from another origin, with a token that it has stolen", [403], (ground) =>
    [
      "http://evil.example",
      "null",
      `https://${hostOf(ground)}`,
      "http://localhost",
      "file://",
      `http://${hostOf(ground)}.evil.example`,
      "chrome-extension://x"
    ].map((origin) => ({ line: list, lines: [`Origin: ${origin}`, bearer(ground)] }))
  ),
  {
    id: "door-27",
    attacker: "web page",
    does: "asks by a CORS preflight whether it may send the token",
    promise: "answers 403 and allows nothing",
    run: async (ground) => {
      const lines = [foreign, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"]
      const reply = await answerTo(ground, requestOf(ground, "OPTIONS /v1/sessions HTTP/1.1", lines))
      if (reply?.status !== 403) throw new Error(`answered ${reply?.status}`)
      const allowing = Object.keys(reply.headers).filter((name) => name.startsWith("access-control-"))
      if (allowing.length > 0) throw new Error(`allows by ${allowing.join(", ")}`)
      return "403"
    }
  },
  refusal("door-28", "web page", "posts a form and plain text, which need no preflight", [403], () =>
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"].map((type) => ({
      line: "POST /v1/sessions HTTP/1.1",
      lines: [foreign, `Content-Type: ${type}`, "Content-Length: 33"],
      body: '{"command":["touch","/tmp/owned"]}'.slice(0, 33)
    }))
  ),
  refusal("door-29", "local user", "posts a body of another media type with the token", [415], (ground) =>
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json"].map((type) => ({
      line: "POST /v1/sessions HTTP/1.1",
      lines: [bearer(ground), `Content-Type: ${type}`, "Content-Length: 2"],
      body: "{}"
    }))
  ),
  refusal("door-30", "web page", "opens a WebSocket from another origin, with the token and with a ticket", [403], (ground) => {
    const path = `/v1/sessions/${ground.bystander.id}/attach`
    return [
      { line: `GET ${path} HTTP/1.1`, lines: [...upgradeLines, foreign, bearer(ground)] },
      { line: `GET ${path}?ticket=x HTTP/1.1`, lines: [...upgradeLines, foreign] },
      { line: `GET ${path} HTTP/1.1`, lines: [...upgradeLines, "Origin: null", bearer(ground)] }
    ]
  }),
  refusal("door-31", "web page", "opens a WebSocket by a name of its own (DNS rebinding)", [421], (ground) => [
    { line: `GET /v1/sessions/${ground.bystander.id}/attach HTTP/1.1`, lines: [...upgradeLines, "Host: evil.example", bearer(ground)] }
  ]),
  refusal("door-32", "web page", "opens a WebSocket from another origin to every path", [403], () =>
    ["/", "/healthz", "/v1", "/docs", "/v1/sessions"].map((path) => ({ line: `GET ${path} HTTP/1.1`, lines: [...upgradeLines, foreign] }))
  ),
  refusal("door-33", "web page", "loads pages, scripts and pictures of the daemon into itself, without an Origin", [401], () =>
    ["/docs", "/openapi.json", "/metrics", "/favicon.ico", "/"].map((path) => ({
      line: `GET ${path} HTTP/1.1`,
      lines: ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Referer: http://evil.example/"]
    }))
  )
]
