/** A modelled agent that can be talked to: it reads what is typed, works in turns, asks, can be interrupted, and reports on itself in one way. */
import type { Process, WorldClock } from "./world-clock.ts"

interface Machine {
  readonly clock: WorldClock
  readonly root: Process
}

/** How it behaves from its launch to its end. */
export interface Manners {
  /** From its start until it takes prompts. */
  readonly bootsMs: number
  /** From Enter, or the end of the turn before, until it takes a prompt up. */
  readonly takesMs: number
  readonly thinksMs: number
  /** In the middle of every turn. */
  readonly asks: boolean
  /** How long it waits for an answer before it goes on without; null: for ever. */
  readonly patienceMs: number | null
  /** The first Enter does nothing. */
  readonly eatsEnter: boolean
  /** Says nothing when it is interrupted. */
  readonly sulks: boolean
  readonly fails: "never" | "turn" | "limit"
  /** What its hooks cost it. */
  readonly lagMs: number
}

export const goodManners: Manners = {
  bootsMs: 100,
  takesMs: 200,
  thinksMs: 1_500,
  asks: false,
  patienceMs: null,
  eatsEnter: false,
  sulks: false,
  fails: "never",
  lagMs: 20
}

/** What was said in a conversation, whichever launch carries it on. */
export interface Conversation {
  readonly id: string
  readonly provider: string
  readonly turns: Array<string>
}

/** How the world observes it. Each provider has one of these. */
export interface Voice {
  /** A hook of Claude Code's kind; nothing where the agent has none. */
  readonly hook: (event: string, payload: Readonly<Record<string, unknown>>, lagMs: number) => void
  /** A program status in its output; nothing where it has none. */
  readonly status: (state: string) => void
}

type State = "booting" | "idle" | "working" | "waiting"

export class Mind {
  readonly manners: Manners
  readonly conversation: Conversation
  readonly #machine: Machine
  readonly #voice: Voice
  readonly #alive: () => boolean
  /** Texts in the order in which it took them up. */
  readonly taken: Array<string> = []
  /** Texts that came with an Enter which it felt. */
  readonly submitted: Array<string> = []
  /** What it has said of itself. */
  readonly said = new Set<string>()
  /** The text of the turn that is under way. */
  present: string | null = null
  /** Keys that answered a question, and how many were asked by then. */
  readonly answers: Array<string> = []
  state: State = "booting"
  asked = 0
  /** It has stopped without a word. */
  isSulking = false
  #composer = ""
  #queue: Array<string> = []
  #enters = 0
  #turn = 0
  #taking = false

  constructor(manners: Manners, conversation: Conversation, machine: Machine, voice: Voice, alive: () => boolean) {
    this.manners = manners
    this.conversation = conversation
    this.#machine = machine
    this.#voice = voice
    this.#alive = alive
    this.#after(manners.bootsMs, () => this.#boot())
  }

  /** What reaches its terminal. */
  read(text: string): void {
    for (const key of text) this.#press(key)
  }

  #boot(): void {
    this.#hook("SessionStart", {})
    this.state = "idle"
    this.#sayIdle()
    this.#next()
  }

  #press(key: string): void {
    if (key === "\x15") this.#composer = ""
    else if (key === "\x1b") this.#interrupt()
    else if (key === "\r") this.#enter()
    else if (this.state === "waiting" && this.#composer === "" && (key === "1" || key === "2")) this.#answer(key)
    else this.#composer += key
  }

  #enter(): void {
    const text = this.#composer
    if (text === "") return
    this.#enters += 1
    if (this.manners.eatsEnter && this.#enters === 1) return
    this.#composer = ""
    if (this.state === "waiting") {
      this.#answer(text)
      return
    }
    this.submitted.push(text)
    this.#queue.push(text)
    this.#next()
  }

  /** One prompt at a time; what comes during a turn waits for its end. */
  #next(): void {
    if (this.state !== "idle" || this.#taking || this.#queue.length === 0) return
    this.#taking = true
    this.#after(this.manners.takesMs, () => {
      this.#taking = false
      const text = this.#queue.shift()
      if (text !== undefined && this.state === "idle") this.#take(text)
    })
  }

  #take(text: string): void {
    this.taken.push(text)
    this.conversation.turns.push(text)
    this.isSulking = false
    this.state = "working"
    this.present = text
    this.said.add("working")
    this.#turn += 1
    this.#hook("UserPromptSubmit", { prompt: text })
    this.#voice.status("state=working:app=model")
    const { asks, thinksMs } = this.manners
    this.#during(thinksMs, () => (asks ? this.#ask() : this.#end()))
  }

  #ask(): void {
    this.state = "waiting"
    this.said.add("waiting")
    this.asked += 1
    const question = `May I do ${this.asked}?`
    this.#hook("PermissionRequest", { tool_name: "Bash", tool_input: { command: question } })
    this.#voice.status(`state=blocked:app=model:kind=permission:msg=${btoa(question)}`)
    const { asked } = this
    const { patienceMs } = this.manners
    if (patienceMs !== null)
      this.#during(patienceMs, () => {
        if (this.state === "waiting" && this.asked === asked) this.#goOn()
      })
  }
  #answer(answer: string): void {
    this.answers.push(answer)
    this.#goOn()
  }
  #goOn(): void {
    this.state = "working"
    this.#hook("PostToolUse", { tool_name: "Bash" })
    this.#voice.status("state=working:app=model")
    this.#during(this.manners.thinksMs, () => this.#end())
  }

  #end(): void {
    const { fails } = this.manners
    this.state = "idle"
    this.present = null
    this.said.add("idle")
    if (fails === "never") this.#hook("Stop", {})
    else this.#hook("StopFailure", { error: fails === "limit" ? "rate_limit" : "server_error" })
    this.#voice.status(fails === "never" ? "state=done:app=model" : "state=error:app=model")
    this.#next()
  }

  /** What waited to be taken is put back into the composer. */
  #interrupt(): void {
    if (this.state !== "working" && this.state !== "waiting") return
    this.state = "idle"
    this.present = null
    this.#turn += 1
    this.#composer = this.#queue.splice(0).join("\n")
    this.isSulking = this.manners.sulks
    if (!this.isSulking) this.#sayIdle()
  }

  #sayIdle(): void {
    this.said.add("idle")
    this.#hook("Notification", { notification_type: "idle_prompt", message: "waits for you" })
    this.#voice.status("state=idle:app=model")
  }
  #hook(event: string, payload: Readonly<Record<string, unknown>>): void {
    this.#voice.hook(event, { session_id: this.conversation.id, ...payload }, this.manners.lagMs)
  }
  #during(ms: number, act: () => void): void {
    const turn = this.#turn
    this.#after(ms, () => {
      if (this.#turn === turn) act()
    })
  }
  #after(ms: number, act: () => void): void {
    this.#machine.clock.after(this.#machine.root, ms, () => {
      if (this.#alive()) act()
    })
  }
}
