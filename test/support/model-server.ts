/**
 * A model for agents under test: every wire format they speak, on loopback, doing what the last prompt says (`model-server/plan.ts`),
 * and remembering every request. It lives in the process of the test and ends with it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { anthropic } from "./model-server/anthropic.ts"
import { type Answer, type Answered, type Asked, type Dialect, type Fields, inPieces, type Usage } from "./model-server/asked.ts"
import { chat } from "./model-server/chat.ts"
import { gemini } from "./model-server/gemini.ts"
import { type Kind, kindOf, type Plan, planOf, saidIn } from "./model-server/plan.ts"
import { responses } from "./model-server/responses.ts"

export interface ModelRequest {
  /** Counts the model calls of this server, from 1. */
  readonly number: number
  readonly dialect: Dialect["name"]
  readonly kind: Kind
  readonly model: string
  /** What the person said in this conversation, first to last. */
  readonly said: ReadonlyArray<string>
  readonly plan: Plan
  readonly usage: Usage
  /** The whole body, for what has no name here. */
  readonly body: Fields
  readonly at: number
  /** How it ended: the answer went out whole, we broke it off as planned, or the agent went away before that. */
  readonly end: "open" | "answered" | "broken" | "aborted"
}

export class ModelServer implements AsyncDisposable {
  readonly #server: Server
  readonly #requests: Array<{ -readonly [Key in keyof ModelRequest]: ModelRequest[Key] }> = []
  /** What was asked for that no model answers: a path that is missing here shows in this list. */
  readonly unknown: Array<string> = []

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((cause: unknown) => {
        this.unknown.push(`${request.method} ${request.url}: ${cause}`)
        response.destroy()
      })
    })
  }

  static async started(): Promise<ModelServer> {
    const model = new ModelServer()
    await new Promise<void>((resolve) => model.#server.listen(0, "127.0.0.1", resolve))
    // It is there for others: alone it keeps no process alive.
    model.#server.unref()
    return model
  }

  get url() {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get requests(): ReadonlyArray<ModelRequest> {
    return this.#requests
  }

  /** The turns of conversations, without what agents ask for their own ends. */
  get turns(): ReadonlyArray<ModelRequest> {
    return this.#requests.filter(({ kind }) => kind === "turn")
  }

  async [Symbol.asyncDispose]() {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? "/", this.url)
    const text = await bodyOf(request)
    const path = url.pathname.replace(/\/+$/, "")
    if (request.method === "HEAD") return void response.writeHead(200).end()
    if (request.method === "GET" && /\/models$/.test(path)) return json(response, 200, models)
    if (request.method === "POST") {
      const body = (text === "" ? {} : JSON.parse(text)) as Fields
      if (/\/messages\/count_tokens$/.test(path)) return json(response, 200, { input_tokens: tokens(text) })
      if (/:countTokens$/.test(path)) return json(response, 200, { totalTokens: tokens(text) })
      const dialect = dialects.find(([pattern]) => pattern.test(path))?.[1]
      if (dialect !== undefined) return this.#play(dialect, dialect.read(body, url), body, response)
    }
    this.unknown.push(`${request.method} ${url.pathname}`)
    json(response, 404, { error: { message: `no ${request.method} ${url.pathname} here` } })
  }

  async #play(dialect: Dialect, asked: Asked, body: Fields, response: ServerResponse) {
    const number = this.#requests.length + 1
    const said = saidIn(asked)
    const attempt = 1 + this.#requests.filter((earlier) => earlier.kind === "turn" && earlier.said.at(-1) === said.at(-1)).length
    const plan = planOf(asked, number, attempt)
    const answer = "answer" in plan ? plan.answer : null
    const usage = usageOf(asked, answer)
    const entry = {
      number,
      dialect: dialect.name,
      kind: kindOf(asked),
      model: asked.model,
      said,
      plan,
      usage,
      body,
      at: Date.now(),
      end: "open" as ModelRequest["end"]
    }
    this.#requests.push(entry)
    const gone = new AbortController()
    response.once("close", () => {
      if (entry.end === "open") entry.end = "aborted"
      gone.abort()
    })
    const broken = () => {
      entry.end = "broken"
    }

    if (plan._tag === "Hang") return
    if (plan._tag === "Fail") {
      broken()
      if (plan.retryAfterS > 0) response.setHeader("retry-after", String(plan.retryAfterS))
      return json(response, plan.status, dialect.failure(plan.status, `scripted failure ${plan.status}`))
    }
    const answered: Answered = { number, model: asked.model, answer: plan.answer, usage }
    const overMs = plan._tag === "Say" ? plan.overMs : 0
    if (!asked.stream) {
      if (plan._tag === "Stall") return
      if (plan._tag === "Cut") {
        broken()
        return void response.destroy()
      }
      await pause(overMs, gone.signal)
      if (gone.signal.aborted) return
      entry.end = "answered"
      return json(response, 200, dialect.plain(answered))
    }

    const { closing, opening, pieces } = dialect.frames(answered)
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    response.write(opening)
    if (plan._tag !== "Say") {
      response.write(pieces[0] ?? "")
      if (plan._tag === "Stall") return
      broken()
      // Not before the first words are out: else the agent sees an answer that never began.
      await pause(50, gone.signal)
      return void response.destroy()
    }
    for (const piece of pieces) {
      response.write(piece)
      await pause(overMs / pieces.length, gone.signal)
      if (gone.signal.aborted) return
    }
    entry.end = "answered"
    response.end(closing)
  }
}

const dialects: ReadonlyArray<readonly [RegExp, Dialect]> = [
  [/\/messages$/, anthropic],
  [/\/chat\/completions$/, chat],
  [/\/responses$/, responses],
  [/:(?:streamGenerateContent|generateContent)$/, gemini]
]

/** One list in three shapes: each vendor's clients read their own field of it. */
const models = {
  object: "list",
  data: [{ id: "scripted-model", type: "model", object: "model", display_name: "Scripted", created: 1_700_000_000, owned_by: "tests" }],
  models: [{ name: "models/scripted-model", displayName: "Scripted", supportedGenerationMethods: ["generateContent", "countTokens"] }],
  has_more: false
}

const usageOf = (asked: Asked, answer: Answer | null): Usage => {
  const words = asked.turns.map(({ text }) => text)
  return {
    inputTokens: tokens(asked.instructions) + tokens(words.at(-1) ?? ""),
    outputTokens:
      answer === null ? 0 : answer._tag === "Text" ? Math.max(1, inPieces(answer.text).length) : tokens(JSON.stringify(answer.input)),
    // What was said before is what a vendor would have kept.
    cacheReadTokens: tokens(words.slice(0, -1).join(""))
  }
}

/** The usual rule of thumb. */
const tokens = (text: string) => Math.ceil(text.length / 4)

const pause = (durationMs: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (durationMs <= 0 || signal.aborted) return resolve()
    const timer = setTimeout(resolve, durationMs)
    signal.addEventListener("abort", () => {
      clearTimeout(timer)
      resolve()
    })
  })

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}
