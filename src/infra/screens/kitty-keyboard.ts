/** How keys are to be spelled, as a program asked by Kitty's keyboard protocol: flags in a stack, one for each of the two screens. */
import type { IFunctionIdentifier, Terminal } from "@xterm/headless"

/** Deeper stacks lose their oldest entry, as the protocol asks of a terminal. */
const deepest = 32

export class KittyKeyboard {
  readonly #terminal: Terminal
  #stacks = { normal: [0], alternate: [0] }

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    const on = (id: IFunctionIdentifier, follow: (first: number, second: number) => void) =>
      terminal.parser.registerCsiHandler(id, ([first, second]) => {
        follow(Number(first ?? 0), Number(second ?? 0))
        return true
      })
    on({ prefix: ">", final: "u" }, (flags) => {
      const stack = this.#stack
      stack.push(flags)
      if (stack.length > deepest) stack.shift()
    })
    on({ prefix: "<", final: "u" }, (times) => {
      const stack = this.#stack
      stack.length = Math.max(0, stack.length - Math.max(1, times))
      if (stack.length === 0) stack.push(0)
    })
    on({ prefix: "=", final: "u" }, (flags, mode) => {
      const stack = this.#stack
      const before = stack.at(-1)!
      stack[stack.length - 1] = mode === 2 ? before | flags : mode === 3 ? before & ~flags : flags
    })
    terminal.parser.registerEscHandler({ final: "c" }, () => {
      this.#stacks = { normal: [0], alternate: [0] }
      return false
    })
  }

  get flags(): number {
    return this.#stack.at(-1)!
  }

  get #stack(): Array<number> {
    return this.#stacks[this.#terminal.buffer.active.type]
  }
}
