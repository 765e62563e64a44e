/** Targets that two parsers read differently, and routes that need no token of the daemon's. */
import type { Attack } from "../attack.ts"
import { refusal, upgradeLines } from "./sending.ts"

const get = (...targets: ReadonlyArray<string>) => targets.map((target) => ({ line: `GET ${target} HTTP/1.1` }))

export const targets: ReadonlyArray<Attack> = [
  refusal("door-01", "stranger", "asks for all sessions through a target that holds a cursor and ends like a hook's", [400], () =>
    get("/v1/sessions/;cursor=WzAsIiJdIA==/hooks")
  ),
  refusal(
    "door-02",
    "stranger",
    "asks for a terminal by an upgrade whose target ends like a hook's behind a fragment",
    [400],
    ({ bystander }) =>
      [
        `/v1/sessions/${bystander.id}\\attach#/hooks`,
        `/v1/sessions/${bystander.id}/attach#/hooks`,
        `/v1/sessions/${bystander.id}/attach;/hooks`
      ].map((target) => ({ line: `GET ${target} HTTP/1.1`, lines: upgradeLines }))
  ),
  refusal("door-03", "web page", "asks for an upgrade to //, which is no URL", [400], () =>
    ["//", "///", "//:", "//evil.example/"].map((target) => ({
      line: `GET ${target} HTTP/1.1`,
      lines: [...upgradeLines, "Origin: http://evil.example"]
    }))
  ),
  refusal("door-04", "stranger", "hides a session's route behind the open one by dot segments", [400], ({ bystander }) =>
    get(`/healthz/../v1/sessions/${bystander.id}`, `/healthz/%2e%2e/v1/sessions`, "/healthz/.%2E/v1/sessions", "/./v1/sessions")
  ),
  refusal("door-05", "stranger", "encodes slashes and backslashes in a path", [400], ({ bystander }) =>
    get(`/v1/sessions%2f${bystander.id}%2fhooks`, `/v1%5csessions`, "/healthz%2fx", "/%2fhealthz", "/healthz\\..\\v1\\sessions")
  ),
  refusal("door-06", "stranger", "ends a path early by NUL, CR, LF and DEL, encoded or not", [400], () =>
    get("/healthz%00/v1/sessions", "/healthz%0d%0aX:%20y", "/healthz%7f", "/healthz\x01", "/v1/sessions\x7f")
  ),
  refusal("door-07", "stranger", "encodes twice, and in UTF-8 that is none", [400], () =>
    get("/%252fhealthz", "/v1/%c0%afsessions", "/v1/%ff", "/v1/%e2%82", "/v1/%zz", "/v1/%")
  ),
  refusal("door-08", "stranger", "sends raw bytes beyond ASCII in a target", [400], () =>
    get("/healthz\xe9", "/\xc0\xaf", "/v1/sessions?a=\xff")
  ),
  refusal("door-09", "stranger", "sends a target with a fragment or a semicolon behind the open path", [400], () =>
    get("/healthz#", "/healthz#/../v1/sessions", "/healthz;", "/healthz;/v1/sessions", "/healthz?;", "/healthz?#")
  ),
  refusal("door-10", "stranger", "asks as of a proxy, of another authority and of this one", [400], ({ daemon }) =>
    get("http://evil.example/healthz", `${daemon.url}/healthz`, `${daemon.url}/v1/sessions`, "https://127.0.0.1/", "ftp://x/")
  ),
  refusal("door-11", "stranger", "asks for everything by an asterisk or an authority", [400], () => [
    { line: "OPTIONS * HTTP/1.1" },
    { line: "GET 127.0.0.1:80 HTTP/1.1" },
    { line: "GET v1/sessions HTTP/1.1" }
  ]),
  refusal("door-12", "stranger", "spells the open path in other ways", [401], () =>
    get("/HEALTHZ", "/healthz/", "/Healthz", "/healthz%20", "/%68ealthz")
  ),
  refusal("door-13", "stranger", "spells protected paths in other ways", [401], () =>
    get("/v1//sessions", "/V1/sessions", "/v1/sessions/", "/v1/%73essions", "/metrics/", "/docs/", "/openapi.json/")
  ),
  refusal("door-14", "stranger", "asks a hook's route by every method but POST", [401], ({ bystander }) =>
    ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"].map((method) => ({
      line: `${method} /v1/sessions/${bystander.id}/hooks HTTP/1.1`
    }))
  ),
  refusal("door-15", "stranger", "posts to a hook's route without a token, with a body that is none", [401], ({ bystander }) =>
    ["", "{", "[".repeat(1_000)].map((body) => ({
      line: `POST /v1/sessions/${bystander.id}/hooks HTTP/1.1`,
      lines: ["Content-Type: application/json", `Content-Length: ${body.length}`],
      body
    }))
  ),
  refusal("door-16", "stranger", "posts hooks and reports for ids that are none, and for sessions that there are not", [401], () =>
    ["s-", "x", "s-0123456789ab", "S-0123456789AB", "s-0123456789abc", "%73-0123456789ab", "*"].flatMap((id) =>
      ["hooks", "reports"].map((route) => ({ line: `POST /v1/sessions/${id}/${route} HTTP/1.1`, lines: ["Content-Length: 0"] }))
    )
  ),
  refusal("door-17", "agent", "posts a hook with a token that is not its launch's", [401], ({ bystander }) =>
    ["0".repeat(64), "x", "0".repeat(2_000), "\\x00"].map((token) => ({
      line: `POST /v1/sessions/${bystander.id}/hooks HTTP/1.1`,
      lines: [`Authorization: Bearer ${token}`, "Content-Length: 0"]
    }))
  ),
  refusal("door-18", "stranger", "upgrades on routes that need no token of the daemon's", [401], ({ bystander }) =>
    ["/healthz", `/v1/sessions/${bystander.id}/hooks`, `/v1/sessions/${bystander.id}/reports`].flatMap((path) =>
      ["GET", "POST"].map((method) => ({ line: `${method} ${path} HTTP/1.1`, lines: upgradeLines }))
    )
  ),
  refusal("door-19", "stranger", "guesses the daemon's token in every place where one may stand", [401], ({ daemon }) =>
    [`Bearer ${daemon.token.slice(0, -1)}`, `Bearer ${daemon.token}0`, `Basic ${daemon.token}`, daemon.token, `Bearer  `, "Bearer"].map(
      (value) => ({
        line: "GET /v1/sessions HTTP/1.1",
        lines: [`Authorization: ${value}`]
      })
    )
  ),
  refusal("door-20", "stranger", "puts the token where it is not read: query, cookie, another header", [400, 401], ({ daemon }) => [
    { line: `GET /v1/sessions?token=${daemon.token} HTTP/1.1` },
    { line: `GET /v1/sessions?access_token=${daemon.token} HTTP/1.1` },
    { line: "GET /v1/sessions HTTP/1.1", lines: [`Cookie: token=${daemon.token}`] },
    { line: "GET /v1/sessions HTTP/1.1", lines: [`X-Authorization: Bearer ${daemon.token}`] },
    { line: "GET /v1/sessions HTTP/1.1", lines: ["Authorization: Bearer x", `Authorization: Bearer ${daemon.token}`] }
  ]),
  refusal("door-21", "stranger", "sends a path of 12,000 characters and a query of 5,000 fields", [400, 401, 431], () => [
    { line: `GET /${"a".repeat(12_000)} HTTP/1.1` },
    { line: `GET /${"a/".repeat(6_000)} HTTP/1.1` },
    { line: `GET /v1/sessions?${"a&".repeat(5_000)} HTTP/1.1` },
    { line: `GET /${"%61".repeat(6_000)} HTTP/1.1` }
  ])
]
