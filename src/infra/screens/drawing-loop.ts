/** The work of the screens' thread: a piece of one session, then one of the next; and no session takes more time than it is given. */
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { Drawable, type Piece } from "../../domain/terminal/drawable.ts"
import type { Answered, Call, Found, Standing, Work, WorkType } from "./drawing-protocol.ts"
import { Emulator } from "./emulator.ts"

export interface Clocks {
  /** Of this thread's processor time, and of the time that goes by. */
  readonly cpuMs: () => number
  readonly wallMs: () => number
}

interface Screen {
  readonly session: string
  emulator: Emulator
  drawable: Drawable
}

interface Waiting {
  readonly call: Call
  /** Of a write that is under way: what is left to draw. */
  pieces: Array<Piece> | null
  said: string
}

interface Account {
  owedMs: number
  at: number
  readonly waiting: Array<Waiting>
}

export class DrawingLoop {
  readonly #answer: (answered: Answered) => void
  readonly #clocks: Clocks
  readonly #screens = new Map<number, Screen>()
  /** By session, in the order of their turns. */
  readonly #accounts = new Map<string, Account>()

  constructor(answer: (answered: Answered) => void, clocks: Clocks) {
    this.#answer = answer
    this.#clocks = clocks
  }

  take(call: Call): void {
    const session = call.work.type === "open" ? call.work.session : this.#screens.get(call.screen)?.session
    if (session === undefined) {
      this.#answer({ call: call.call, refused: "fault", message: "the screen is gone" })
      return
    }
    if (call.work.type === "open") {
      const size = sane(call.work.size)
      this.#screens.set(call.screen, { session, emulator: new Emulator(size), drawable: new Drawable(size) })
    }
    let account = this.#accounts.get(session)
    if (account === undefined) {
      account = { owedMs: 0, at: this.#clocks.wallMs(), waiting: [] }
      this.#accounts.set(session, account)
    }
    account.waiting.push({ call, pieces: null, said: "" })
  }

  /** Does one piece of the next session's work. False: there is none. `begins` is called with the screen before it. */
  turn(begins: (screen: number) => void): boolean {
    for (const [session, account] of this.#accounts) {
      const [waiting] = account.waiting
      if (waiting === undefined) continue
      this.#accounts.delete(session)
      this.#accounts.set(session, account)
      begins(waiting.call.screen)
      this.#piece(session, account, waiting)
      return true
    }
    return false
  }

  #piece(session: string, account: Account, waiting: Waiting): void {
    const startedAt = this.#clocks.cpuMs()
    let found: Found<WorkType> | undefined
    try {
      found = this.#work(waiting)
    } catch (cause) {
      this.#close(waiting.call.screen)
      account.waiting.shift()
      this.#answer({ call: waiting.call.call, refused: "fault", message: cause instanceof Error ? cause.message : String(cause) })
      return
    }
    this.#charge(account, this.#clocks.cpuMs() - startedAt - (found === undefined ? 0 : creditMs(waiting.call.work)))
    if (account.owedMs > limits.screenBurstMs) {
      this.#end(session, account)
      return
    }
    if (found === undefined) return
    account.waiting.shift()
    this.#answer({ call: waiting.call.call, found })
  }

  #charge(account: Account, spentMs: number): void {
    const now = this.#clocks.wallMs()
    const regained = ((now - account.at) * limits.screenRegainPercent) / 100
    account.owedMs = Math.max(0, account.owedMs - regained + spentMs)
    account.at = now
  }

  /** Every screen of the session goes, and what it owes with them: the daemon decides when it may draw again. */
  #end(session: string, account: Account): void {
    this.#accounts.delete(session)
    for (const [id, screen] of this.#screens) if (screen.session === session) this.#close(id)
    for (const { call } of account.waiting) this.#answer({ call: call.call, refused: "overrun" })
  }

  #close(id: number): void {
    this.#screens.get(id)?.emulator.dispose()
    this.#screens.delete(id)
  }

  /** Undefined: a piece is done, and more of it is left. */
  #work(waiting: Waiting): Found<WorkType> | undefined {
    const { screen: id, work } = waiting.call
    const screen = this.#screens.get(id)
    if (screen === undefined) throw new Error("the screen is gone")
    switch (work.type) {
      case "open":
        if (work.checkpoint !== null) restore(screen, work.checkpoint)
        return standing(screen)
      case "write":
      case "ask":
        return this.#draw(screen, waiting, work)
      case "resize":
        screen.emulator.resize(sane(work.size))
        screen.drawable.resize(screen.emulator.size)
        return standing(screen)
      case "picture":
        return screen.emulator.picture()
      case "highlights":
        return screen.emulator.highlights()
      case "modes":
        return screen.emulator.modes()
      case "restoring":
        return screen.emulator.restoring(work.scrollback)
      case "cropped":
        return screen.emulator.croppedTo(sane(work.size))
      case "checkpoint":
        return screen.drawable.dropping === null ? screen.emulator.checkpoint(work.scrollback) : null
      case "close":
        this.#close(id)
        return null
    }
  }

  #draw(screen: Screen, waiting: Waiting, work: Extract<Work, { readonly type: "write" | "ask" }>): Found<WorkType> | undefined {
    waiting.pieces ??= [...screen.drawable.push(work.bytes)]
    for (let cost = 0; cost < turnCost; ) {
      const piece = waiting.pieces.shift()
      if (piece === undefined) return work.type === "write" ? standing(screen) : waiting.said
      if (work.type === "write") screen.emulator.write(piece.bytes)
      else waiting.said += screen.emulator.ask(piece.bytes, work.colours)
      cost += piece.cost
    }
    return waiting.pieces.length > 0 ? undefined : work.type === "write" ? standing(screen) : waiting.said
  }
}

/** Cells that are touched in one turn: some ten milliseconds. */
const turnCost = 1_000_000

const creditMs = (work: Work): number =>
  work.type === "write" || work.type === "ask" ? (work.bytes.length * limits.screenMsPerMegabyte) / 1_000_000 : 0

const restore = (screen: Screen, checkpoint: Parameters<typeof Emulator.restored>[0]): void => {
  screen.emulator.dispose()
  screen.emulator = Emulator.restored({ ...checkpoint, size: sane(checkpoint.size) })
  screen.drawable = new Drawable(screen.emulator.size)
}

const standing = ({ drawable, emulator }: Screen): Standing => ({
  size: emulator.size,
  held: drawable.held,
  dropping: drawable.dropping,
  cells: emulator.cells
})

/** Whatever a file says: no emulator has more cells than a screen may have. */
const sane = ({ cols, rows }: Size): Size => ({ cols: within(cols, limits.cols), rows: within(rows, limits.rows) })

const within = (value: number, { maximum, minimum }: { readonly minimum: number; readonly maximum: number }): number =>
  Number.isInteger(value) ? Math.min(maximum, Math.max(minimum, value)) : maximum
