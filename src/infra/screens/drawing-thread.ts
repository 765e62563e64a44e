/** One thread for all screens: started with the first, ended some time after the last, replaced where it dies or falls silent. */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { limits } from "../../domain/limits.ts"
import { type Answered, type Call, type Found, screenPlace, sharedInts, turnsPlace, type Work, type WorkType } from "./drawing-protocol.ts"

export type Outcome =
  | { readonly _tag: "Found"; readonly found: Found<WorkType> }
  /** This session took too much time or memory. */
  | { readonly _tag: "Overrun" }
  | { readonly _tag: "Fault"; readonly message: string }
  /** The thread ended for another session's sake, and this screen with it. */
  | { readonly _tag: "Lost" }

interface Pending {
  readonly session: string
  readonly done: (outcome: Outcome) => void
}

interface Running {
  readonly worker: Worker
  readonly shared: Int32Array
  readonly pending: Map<number, Pending>
  readonly sessions: Map<number, string>
  turns: number
  turnedAt: number
  /** A session has used up its time in it. */
  isSpent: boolean
}

export class DrawingThread {
  #running: Running | null = null
  #lastCall = 0
  #lastScreen = 0
  #watch: NodeJS.Timeout | null = null
  #idleSince = 0

  /** Names a new screen of the thread that runs now. */
  nextScreen(): number {
    this.#lastScreen += 1
    return this.#lastScreen
  }

  /** `bytes` of the work are given away. */
  ask(session: string, screen: number, work: Work, done: (outcome: Outcome) => void): void {
    if (work.type === "open") this.#begun()?.sessions.set(screen, session)
    const running = this.#running
    if (running === null || !running.sessions.has(screen)) {
      done({ _tag: "Lost" })
      return
    }
    if (work.type === "close") running.sessions.delete(screen)
    const call = ++this.#lastCall
    running.pending.set(call, { session, done })
    const transferred = "bytes" in work ? [work.bytes.buffer as ArrayBuffer] : []
    running.worker.postMessage({ call, screen, work } satisfies Call, transferred)
  }

  /** An answer is outstanding. */
  get isBusy(): boolean {
    return this.#running !== null && this.#running.pending.size > 0
  }

  stop(): void {
    const running = this.#running
    if (running === null) return
    this.#forget(running, null)
    void running.worker.terminate()
  }

  /** Null where the machine has no descriptors, no memory or no process for a thread: the next call tries again. */
  #begun(): Running | null {
    try {
      return this.#start()
    } catch {
      return null
    }
  }

  #start(): Running {
    if (this.#running !== null) return this.#running
    const memory = new SharedArrayBuffer(4 * sharedInts)
    const worker = new Worker(program(), {
      workerData: memory,
      name: "screens",
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.screenHeapMegabytes, maxYoungGenerationSizeMb: 16 }
    })
    const running: Running = {
      worker,
      shared: new Int32Array(memory),
      pending: new Map(),
      sessions: new Map(),
      turns: 0,
      turnedAt: performance.now(),
      isSpent: false
    }
    this.#running = running
    worker.unref()
    worker.on("message", (answered: Answered) => this.#answered(running, answered))
    // Out of memory, or a fault of ours: the session that was drawn is the one that it happened with.
    worker.on("error", () => this.#forget(running, culprit(running)))
    worker.on("exit", () => this.#forget(running, culprit(running)))
    this.#watch = setInterval(() => this.#look(running), limits.screenSilenceMs / 4).unref()
    return running
  }

  #answered(running: Running, answered: Answered): void {
    const pending = running.pending.get(answered.call)
    if (pending === undefined) return
    running.pending.delete(answered.call)
    if ("refused" in answered && answered.refused === "overrun") running.isSpent = true
    if (running.pending.size === 0) {
      this.#idleSince = performance.now()
      // What a bomb leaves on the heap is given back with the thread; the screens of others are drawn again when they are looked at.
      if (running.isSpent) this.stop()
    }
    if ("found" in answered) pending.done({ _tag: "Found", found: answered.found })
    else pending.done(answered.refused === "overrun" ? { _tag: "Overrun" } : { _tag: "Fault", message: answered.message })
  }

  /** A thread that works takes up something new many times in that while; one that is not needed may go. */
  #look(running: Running): void {
    const now = performance.now()
    const turns = Atomics.load(running.shared, turnsPlace)
    if (running.pending.size === 0 || turns !== running.turns) {
      running.turns = turns
      running.turnedAt = now
      if (running.sessions.size === 0 && running.pending.size === 0 && now - this.#idleSince > limits.screenIdleMs) this.stop()
      return
    }
    if (now - running.turnedAt < limits.screenSilenceMs) return
    this.#forget(running, culprit(running))
    void running.worker.terminate()
  }

  #forget(running: Running, session: string | null): void {
    if (this.#running !== running) return
    this.#running = null
    if (this.#watch !== null) clearInterval(this.#watch)
    this.#watch = null
    for (const pending of running.pending.values()) pending.done(pending.session === session ? { _tag: "Overrun" } : { _tag: "Lost" })
    running.pending.clear()
  }
}

const culprit = ({ pending, sessions, shared }: Running): string | null =>
  pending.size === 0 ? null : (sessions.get(Atomics.load(shared, screenPlace)) ?? null)

/** Beside this module: as source in a checkout, as one file in a package. */
const program = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  const source = join(here, "screen-thread.ts")
  return existsSync(source) ? source : join(here, "screen-thread.js")
}
