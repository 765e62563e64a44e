/** Bodies, queries and headers that cost more than their size, or that come back larger than they went. */
import { limits } from "../../../src/domain/limits.ts"
import type { Attack, Ground } from "../attack.ts"
import { answerTo, bearer, refusal, requestOf } from "./sending.ts"

const json = "Content-Type: application/json"

const post = (ground: Ground, path: string, body: string, lines: ReadonlyArray<string> = []) =>
  requestOf(ground, `POST ${path} HTTP/1.1`, [bearer(ground), json, `Content-Length: ${Buffer.byteLength(body, "latin1")}`, ...lines], body)

/** Every body to every route that reads one: 400, and a small answer. */
const bodies = (id: string, does: string, made: ReadonlyArray<string>): Attack => ({
  id,
  attacker: "local user",
  does,
  promise: `answers 400 in at most ${limits.problemBytes} bytes`,
  run: async (ground) => {
    let [most, mostMs] = [0, 0]
    for (const path of ["", "/ID/prompts", "/ID/input", "/ID/resize", "/ID/stop", "/ID/reports", "/ID/attach-tickets"]) {
      for (const body of made) {
        const startedAt = performance.now()
        const reply = await answerTo(ground, post(ground, `/v1/sessions${path.replace("ID", ground.bystander.id)}`, body))
        mostMs = Math.max(mostMs, performance.now() - startedAt)
        if (reply?.status !== 400) throw new Error(`${path}: answered ${reply?.status} ${reply?.body.slice(0, 200)}`)
        if (reply.body.length > limits.problemBytes) throw new Error(`${path}: ${reply.body.length} bytes`)
        if (reply.body.includes('"_tag":')) throw new Error(`${path}: ${reply.body}`)
        most = Math.max(most, reply.body.length)
      }
    }
    return `400, at most ${most} bytes and ${Math.round(mostMs)} ms`
  }
})

const megabyte = 1_000_000
const repeated = (count: number, one: (n: number) => string) => Array.from({ length: count }, (_, n) => one(n)).join(",")

export const bodyAttacks: ReadonlyArray<Attack> = [
  bodies("door-54", "sends bodies that nest 100,000 levels", [
    "[".repeat(100_000),
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    `{"text":${"[".repeat(100)}${"]".repeat(100)}}`
  ]),
  bodies("door-55", "sends a megabyte of fields that there are not", [`{${repeated(90_000, (n) => `"k${n}":1`)}}`]),
  bodies("door-56", "sends a megabyte of wrong values in fields that there are", [
    `{"command":[${repeated(200_000, () => "1")}],"keys":[${repeated(100_000, () => "1")}],"env":1}`,
    `{"labels":{${repeated(60_000, (n) => `"k${n}":1`)}},"env":{}}`
  ]),
  bodies("door-57", "sends a name of a megabyte, and one field with a message of a megabyte", [
    `{"${"x".repeat(megabyte)}":1}`,
    `{"provider":"${"x".repeat(megabyte)}","seq":"${"x".repeat(10)}","cols":"x","mode":"x","reason":1,"keys":1,"text":1}`
  ]),
  bodies("door-58", "sends keys that a JavaScript object has by itself", [
    '{"__proto__":{"command":["id"]},"x":1}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"toString":1,"hasOwnProperty":1,"_tag":"Problem"}'
  ]),
  bodies("door-59", "sends what is no JSON and no UTF-8", [
    "{",
    "nul",
    "{]",
    "\xff\xfe{}",
    '{"a":"\x00"}',
    "'x'",
    "NaN",
    "{}{}",
    "\xef\xbb\xbf{}x"
  ]),
  refusal("door-60", "local user", "sends more than a body may have, by its length and in chunks without end", [413], (ground) => [
    { line: "POST /v1/sessions HTTP/1.1", lines: [bearer(ground), json, "Content-Length: 2000000"], body: "[".repeat(2_000_000) },
    {
      line: "POST /v1/sessions HTTP/1.1",
      lines: [bearer(ground), json, "Transfer-Encoding: chunked"],
      body: `10000\r\n${" ".repeat(65_536)}\r\n`.repeat(20)
    }
  ]),
  refusal("door-61", "local user", "asks with fields that there are not, dozens of them and of thousands of characters", [400], (ground) =>
    [repeatedQuery(60), `x=${"y".repeat(12_000)}`, `${"y".repeat(12_000)}=x`, "__proto__=1", "constructor=1", "a[]=1&a[]=2", "="].map(
      (query) => ({
        line: `GET /v1/sessions?${query.replaceAll("[", "%5B").replaceAll("]", "%5D")} HTTP/1.1`,
        lines: [bearer(ground)]
      })
    )
  ),
  refusal("door-62", "local user", "tampers with the cursor of a list", [200, 400], (ground) =>
    ["[1]", "[1,2]", '["1","x"]', '[1e308,"x"]', '[-1,"\' or 1=1 --"]', "{}", "null", "[".repeat(3_000), '[9007199254740993,"x"]'].map(
      (cursor) => ({
        line: `GET /v1/sessions?cursor=${Buffer.from(cursor).toString("base64url")} HTTP/1.1`,
        lines: [bearer(ground)]
      })
    )
  ),
  refusal("door-63", "local user", "asks for places that there are not", [400, 410, 416], (ground) =>
    [
      "events?after=-1",
      "events?after=1e308",
      "events?after=0x10",
      "events?after=1e0",
      "events?after=0b1",
      "events?after=%201",
      "events?after=+1",
      "events?limit=1e1",
      "events?after=9007199254740993",
      "events?limit=0",
      "events?limit=99999999",
      "output?from=-1",
      "output?from=99999999999",
      "output?from=1.5",
      "state?at=-1",
      "state?at=999999",
      "state?at=2026-99-99T00:00:00Z",
      "explain?at=x",
      "screen?at=99999999",
      "screen?format=x"
    ].map((path) => ({ line: `GET /v1/sessions/${ground.bystander.id}/${path} HTTP/1.1`, lines: [bearer(ground)] }))
  ),
  refusal(
    "door-64",
    "local user",
    "asks for ranges: thousands of them, overlapping, backwards, of no unit",
    [200, 206, 400, 416],
    (ground) =>
      [
        `bytes=${repeated(2_000, (n) => `${n}-`)}`,
        "bytes=5-1",
        "bytes=-",
        "bytes=0-0,0-0",
        "bytes=-99999999999999999999",
        "bytes=99999999999999999999-",
        "lines=0-1",
        "bytes=a-b",
        "x"
      ].map((range) => ({ line: `GET /v1/sessions/${ground.bystander.id}/output HTTP/1.1`, lines: [bearer(ground), `Range: ${range}`] }))
  ),
  refusal("door-65", "local user", "puts line ends and markup into ids", [400, 401, 404], (ground) =>
    ["%0d%0aSet-Cookie:%20a=b", "s-%0a0123456789a", "%3Cscript%3E", "s-0123456789ab%20", "-rf", "..%20", "%F0%9F%92%A9"].map((id) => ({
      line: `GET /v1/sessions/${id} HTTP/1.1`,
      lines: [bearer(ground)]
    }))
  ),
  {
    id: "door-66",
    attacker: "local user",
    does: "puts line ends into headers that the daemon writes or records",
    promise: "answers 400, and no answer has a header of the client's",
    run: async (ground) => {
      for (const line of [
        "X-Reprise-Client: a\x7fb",
        "X-Reprise-Client: reprise",
        `X-Reprise-Client: ${"x".repeat(65)}`,
        "Idempotency-Key: a b",
        `Idempotency-Key: ${"k".repeat(256)}`,
        'If-Match: "x"',
        "If-Match: 1"
      ]) {
        const reply = await answerTo(ground, post(ground, `/v1/sessions/${ground.bystander.id}/interrupt`, "{}", [line]))
        if (reply?.status !== 400) throw new Error(`answered ${reply?.status} to ${line}`)
      }
      return "400 (7 requests)"
    }
  },
  {
    id: "door-67",
    attacker: "local user",
    does: "sends 60 bodies of a megabyte at once",
    promise: "answers all, and healthz within a second",
    run: async (ground) => {
      const body = post(ground, "/v1/sessions", `{${repeated(90_000, (n) => `"k${n}":1`)}}`)
      const flood = Promise.all(Array.from({ length: 60 }, () => answerTo(ground, body, { quietMs: 60_000 })))
      let slowest = 0
      const done = flood.then(() => true)
      while (!(await Promise.race([done, new Promise<false>((resolve) => setTimeout(() => resolve(false), 50))]))) {
        const startedAt = performance.now()
        await answerTo(ground, requestOf(ground, "GET /healthz HTTP/1.1"), { quietMs: 30_000 })
        slowest = Math.max(slowest, performance.now() - startedAt)
      }
      const answered = (await flood).filter((reply) => reply?.status === 400).length
      if (answered !== 60) throw new Error(`${answered} of 60 were answered with 400`)
      return `60 answers, healthz at most ${Math.round(slowest)} ms`
    }
  }
]

const repeatedQuery = (count: number) => Array.from({ length: count }, (_, n) => `f${n}=1`).join("&")
