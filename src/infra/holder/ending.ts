/** Ends a launch: the ladder rung by rung while the leader lives, then whatever of its tree outlived it, until nothing is left. */
import type { HolderEvent } from "../../domain/inputs.ts"
import type { Rung } from "../../domain/spec.ts"
import { crashPoint } from "../crash-points.ts"
import { endTree, type KillingOptions, killUntilClear } from "./killing.ts"
import { type ProcessTree, signalAll } from "./tree.ts"

export interface EndingOptions {
  readonly tree: ProcessTree
  readonly ladder: ReadonlyArray<Rung>
  readonly typeText: (text: string) => void
  readonly append: (event: HolderEvent) => Promise<void>
  /** Nothing of the tree runs any more, and the kernel has not reported the leader's end. */
  readonly onUntold: () => void
}

/** From the last process of the tree to the report of the leader's end: a debugger that traces the leader gets it in its parent's place. */
const untoldMs = 500

export class Ending {
  readonly #options: EndingOptions
  #stage: "living" | "stopping" | "sweeping" | "cleared" = "living"
  #step: "goodbye" | "hangup" | "kill" | null = null
  #leaderGone = false
  #killAsked = false
  #wake = () => {}
  #killing: Promise<void> | null = null
  readonly #killOptions: KillingOptions

  constructor(options: EndingOptions) {
    this.#options = options
    this.#killOptions = {
      atOnce: () => this.#killAsked,
      onStep: (step, signals, pids) => {
        this.#step = step
        void options.append({ type: "stop_step", step, signals: [...signals], pids: [...pids] })
      },
      onLeftovers: (leftovers) => void options.append({ type: "leftovers", leftovers: [...leftovers] })
    }
  }

  /** The rung that was taken last. */
  get step() {
    return this.#step
  }

  /** Begins once; `kill` goes to the last rung from wherever it stands. Repeats change nothing. */
  stop(mode: "stop" | "kill"): void {
    if (mode === "kill") this.#killAsked = true
    if (this.#stage === "living") {
      this.#stage = "stopping"
      void this.#climb()
    } else if (mode === "kill") this.#wake()
  }

  /** To be called at once when the leader's end is seen: no further rung is taken. */
  leaderEnded(): void {
    this.#leaderGone = true
    this.#options.tree.leaderEnded()
    this.#options.tree.scan()
    this.#wake()
  }

  /** To be called when the exit is written down. Resolves when nothing of the tree is left and the journal says so. */
  async sweep(): Promise<void> {
    const { append, tree } = this.#options
    if (this.#killing === null) {
      this.#stage = "sweeping"
      await endTree(tree, this.#killOptions)
    } else await this.#killing
    this.#stage = "cleared"
    await append({ type: "cleared", swept: tree.outlived })
  }

  async #climb(): Promise<void> {
    for (const rung of this.#options.ladder) {
      if (this.#leaderGone) return
      if (rung.step === "kill") return this.#kill()
      if (this.#killAsked) continue
      this.#take(rung)
      crashPoint("mid_ladder")
      await this.#wait(rung.waitMs)
    }
  }

  #take(rung: Exclude<Rung, { readonly step: "kill" }>): void {
    const { append, tree, typeText } = this.#options
    const members = tree.scan()
    const signals = rung.step === "hangup" ? rung.signals : []
    this.#step = rung.step
    void append({ type: "stop_step", step: rung.step, signals: [...signals], pids: members.map(({ identity }) => identity.pid) })
    if (rung.step === "goodbye") typeText(rung.text)
    else signalAll(members, signals)
  }

  #kill(): void {
    this.#killing = killUntilClear(this.#options.tree, this.#killOptions)
    void this.#killing.then(() =>
      setTimeout(() => {
        if (!this.#leaderGone) this.#options.onUntold()
      }, untoldMs)
    )
  }

  #wait(ms: number): Promise<void> {
    if (this.#leaderGone && this.#stage === "stopping") return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }
}
