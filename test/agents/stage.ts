/** One real agent on one real daemon with a scripted model: what a test does to them, and what it waits for. */
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import { ModelServer } from "../support/model-server.ts"
import { type AgentName, pinned } from "./installed.ts"
import { type Scratch, type ScratchOptions, scratch } from "./scratch.ts"

/** An agent may take half a minute to start on a busy machine. */
const waitMs = 60_000

export class Stage implements AsyncDisposable {
  readonly name: AgentName
  readonly daemon: TestDaemon
  readonly model: ModelServer
  readonly scratch: Scratch

  private constructor(name: AgentName, daemon: TestDaemon, model: ModelServer, home: Scratch) {
    this.name = name
    this.daemon = daemon
    this.model = model
    this.scratch = home
  }

  static async opened(name: AgentName, options: ScratchOptions = {}): Promise<Stage> {
    const model = await ModelServer.started()
    return new Stage(name, await TestDaemon.started(), model, await scratch(name, model, options))
  }

  async [Symbol.asyncDispose]() {
    await this.daemon[Symbol.asyncDispose]()
    await this.model[Symbol.asyncDispose]()
    this.scratch[Symbol.dispose]()
  }

  /** The agent as its user would launch it: known to the daemon by its name. */
  launched(more: Readonly<Record<string, unknown>> = {}) {
    return this.#create({ provider: this.name, args: this.scratch.args, ...more })
  }

  /** The same program, and nothing known of it. */
  launchedBare(args: ReadonlyArray<string>) {
    return this.#create({ command: [pinned[this.name].executable], args: [...args, ...this.scratch.args] })
  }

  reaches(id: string, what: string, wanted: (session: SessionView) => boolean) {
    return this.daemon.reaches(id, what, wanted, waitMs).catch(async (cause) => {
      throw new Error(`${cause.message}\n${await this.#story(id)}`)
    })
  }

  idle(id: string) {
    return this.reaches(id, "idle", ({ activity, state }) => state === "streaming" && activity === "idle")
  }

  ended(id: string) {
    return this.reaches(id, "ended", ({ state }) => state === "ended")
  }

  /** Waits until it asks a person about this, in words that name it. */
  asks(id: string, about: string) {
    return this.reaches(id, `a question about ${about}`, ({ question }) => question?.text?.includes(about) === true)
  }

  async prompt(id: string, text: string, more: Readonly<Record<string, unknown>> = {}) {
    return (await this.daemon.done("POST", `/v1/sessions/${id}/prompts`, { text, ...more })) as PromptView
  }

  /** What became of a prompt so far; undefined where there was none of that id. */
  async prompted(id: string, promptId: string) {
    const { data } = (await this.daemon.done("GET", `/v1/sessions/${id}/prompts`)) as { readonly data: ReadonlyArray<PromptView> }
    return data.find((prompt) => prompt.id === promptId)
  }

  /** Waits until a prompt has settled; fails unless it was answered. */
  async answered(id: string, { id: promptId }: PromptView) {
    const settled = await until(
      `the prompt ${promptId} is answered`,
      async () => {
        const prompt = (await this.daemon.done("GET", `/v1/sessions/${id}/prompts/${promptId}`)) as PromptView
        if (prompt.state === "answered") return prompt
        if (["rejected", "cancelled", "expired", "uncertain"].includes(prompt.state)) throw new Error(JSON.stringify(prompt.steps))
        return null
      },
      waitMs
    ).catch(async (cause) => {
      throw new Error(`${cause.message}\n${await this.#story(id)}`)
    })
    return settled
  }

  /** What the model was asked in a turn whose last words are these, once it was. */
  asked(text: string) {
    return until(`the model was asked: ${text}`, () => this.model.turns.find(({ said }) => said.at(-1) === text), waitMs)
  }

  /** Everything the agent knows its user to have said, up to this question. */
  async recalls(id: string, question: string) {
    await this.answered(id, await this.prompt(id, question))
    return (await this.asked(question)).said
  }

  /** Types as a person pastes: the text, and Enter once it is to be seen. Enter that comes in one read with a paste is only inserted by some. */
  async types(id: string, text: string) {
    await this.daemon.done("POST", `/v1/sessions/${id}/input`, { text: `\x1b[200~${text}\x1b[201~` })
    await until(`the composer shows ${text}`, async () => (await this.screen(id)).includes(text), waitMs)
    await pause(150)
    await this.daemon.done("POST", `/v1/sessions/${id}/input`, { keys: ["enter"] })
  }

  async screen(id: string) {
    return (await this.daemon.done("GET", `/v1/sessions/${id}/screen`)) as string
  }

  shows(id: string, pattern: RegExp) {
    return until(
      `the screen shows ${pattern}`,
      async () => {
        const screen = await this.screen(id)
        return pattern.test(screen) && screen
      },
      waitMs
    ).catch(async (cause) => {
      throw new Error(`${cause.message}\n${await this.#story(id)}`)
    })
  }

  async #create(more: Readonly<Record<string, unknown>>) {
    const size = { cols: 120, rows: 40 }
    const { cwd, env } = this.scratch
    return (await this.daemon.done("POST", "/v1/sessions", { cwd, env, size, ...more })) as SessionView
  }

  /** What a reader of a failure needs: the screen, the log's last facts, and what the model was asked. */
  async #story(id: string) {
    const screen = await this.screen(id).catch(String)
    const events = await this.daemon.events(id).catch(() => [])
    const facts = events.slice(-12).map(({ data, type }) => `${type} ${JSON.stringify(data)}`)
    const requests = this.model.requests.map(({ end, kind, plan, said }) => `${kind} ${plan._tag} ${end}: ${said.at(-1)}`)
    return [screen.replace(/\s*\n(?:\s*\n)+/g, "\n"), ...facts, ...requests, ...this.model.unknown].join("\n")
  }
}

export const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs))
