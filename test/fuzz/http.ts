/** Fuzzes the listeners with raw TCP: strangers without a token, and a client with one. */
import { placeOf, type RawReply, send } from "../support/raw-http.ts"
import { Chance } from "../support/world-chance.ts"
import { corpusOf } from "./corpus.ts"
import { mutated, type Names, requestOf } from "./http-grammar.ts"
import { hasMore, type Outcome, type Target } from "./target.ts"
import { type Watch, withWatchedDaemon } from "./watched-daemon.ts"

export const http: Target = {
  name: "http",
  promise: "answers or refuses every request, tells a stranger nothing, and lives",
  run: async (seed, budget): Promise<Outcome> => {
    const corpus = corpusOf("http")
    const known = new Set<string>()
    let [inputs, answered] = [0, 0]
    const watched = await withWatchedDaemon(budget, async (watch) => {
      /** One connection after another; each worker draws its own requests, whatever the others wait for. */
      const work = async (worker: number) => {
        const chance = new Chance(seed * workers + worker)
        for (let round = 0; hasMore(budget, inputs); round++) {
          const batch = batchOf(chance, watch, corpus)
          const answers = await answersTo(watch, batch)
          // Behind a request that is refused the daemon reads nothing: what it did not read is no input.
          inputs += Math.max(1, answers.length)
          answered += answers.length
          for (const { reply, request } of answers) {
            const what = breach(reply, request, batch.names, watch)
            if (what !== null) watch.found(what, request)
            const kind = kindOf(reply)
            if (known.has(kind)) continue
            known.add(kind)
            budget.keep(scrubbed(request, batch.names))
          }
          if (worker === 0 && round % 20 === 0) await watch.look(() => Buffer.concat(batch.requests))
        }
      }
      await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
    })
    return { inputs, findings: watched.findings, figures: { ...watched.figures, answered, "kinds of answers": known.size } }
  }
}

/** Most of them wait for a reply that does not come: what leaves the daemon busy takes many. */
const workers = 96

interface Batch {
  readonly names: Names
  readonly requests: ReadonlyArray<Buffer>
  readonly overUnix: boolean
  readonly leave: "end" | "half-close" | "reset"
  readonly pieceBytes: number | null
}

/** A few requests for one connection. */
const batchOf = (chance: Chance, { daemon, session }: Watch, corpus: ReadonlyArray<Buffer>): Batch => {
  const { host, port } = placeOf(daemon.url)
  const names: Names = { host: `${host}:${port}`, session: session.id, token: chance.happens(0.25) ? daemon.token : null }
  const one = () =>
    corpus.length > 0 && chance.happens(0.1) ? filled(mutated(chance, chance.pick(corpus)), names) : requestOf(chance, names)
  return {
    names,
    requests: Array.from({ length: chance.pick([1, 1, 1, 2, 4, 15]) }, one),
    overUnix: chance.happens(0.1),
    leave: chance.pick(["end", "end", "end", "half-close", "reset"] as const),
    pieceBytes: chance.happens(0.02) ? chance.between(1, 64) : null
  }
}

const answersTo = async ({ daemon }: Watch, { leave, overUnix, pieceBytes, requests }: Batch) => {
  const { replies } = await send(overUnix ? { path: daemon.socket } : placeOf(daemon.url), Buffer.concat(requests), {
    replies: requests.length,
    quietMs: 250,
    withinMs: 2_000,
    // The output of the session grows with every input: fifteen replies of it on each connection are gigabytes.
    mostBytes: 2_097_152,
    leave,
    isHead: (index) => requests[index]?.subarray(0, 5).toString() === "HEAD ",
    ...(pieceBytes === null ? {} : { pieceBytes })
  }).catch(() => ({ replies: [] }))
  return replies.map((reply, index) => ({ reply, request: requests[index] ?? Buffer.concat(requests) }))
}

/** What a reply does that none may. */
const breach = (reply: RawReply, request: Buffer, { token }: Names, { session }: Watch): string | null => {
  const { body, headers, status } = reply
  if (status === 500) return `answered 500: ${body}`
  if (body.includes('"_tag":"Problem"')) return `a body holds _tag: ${body.slice(0, 300)}`
  if (headers["content-type"] === "application/problem+json" && body.length > 8_192) return `a problem of ${body.length} bytes`
  if (token !== null || (status >= 400 && (request.includes(session.id) || !body.includes(session.id)))) return null
  if (status === 100 || status === 0) return null
  return status === 200 && (body === "" || /^\{"status":"ok",/.test(body))
    ? null
    : `answered a stranger with ${status}: ${body.slice(0, 300)}`
}

/** Copied: a slice of a body would keep all of it, and an output of the session is as long as what was typed. */
const kindOf = ({ body, headers, status }: RawReply) => {
  const type = headers["content-type"] ?? ""
  if (!type.includes("json")) return `${status} ${type}`
  const shape = body.slice(0, 400).replaceAll(/"(?:[^"\\]|\\.)*"(?=[,}\]])/g, (text) => text.replaceAll(/[^a-z _:"]+/g, "#").slice(0, 60))
  return Buffer.from(`${status} ${shape.replaceAll(/[0-9]+/g, "#")}`).toString()
}

/** A corpus holds no name of one run. */
const scrubbed = (request: Buffer, { host, session, token }: Names): Buffer => {
  const text = request.toString("latin1").replaceAll(host, "{host}").replaceAll(session, "{session}")
  return Buffer.from(token === null ? text : text.replaceAll(token, "{token}"), "latin1")
}

const filled = (request: Buffer, { host, session, token }: Names): Buffer =>
  Buffer.from(
    request
      .toString("latin1")
      .replaceAll("{host}", host)
      .replaceAll("{session}", session)
      .replaceAll("{token}", token ?? "none"),
    "latin1"
  )
