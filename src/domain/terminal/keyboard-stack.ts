/** How keys are to be spelled, as a program asked by Kitty's keyboard protocol: flags in a stack, of which each screen has one. */

export interface KeyboardStack {
  readonly flags: number
  readonly push: (flags: number) => void
  readonly pop: (times: number) => void
  /** `mode`: 1 sets all, 2 adds, 3 takes away. */
  readonly set: (flags: number, mode: number) => void
  readonly forget: () => void
  /** Takes back what was pushed and set. */
  readonly off: () => string
  /** Builds the same stack where none is. */
  readonly on: () => string
}

/** Deeper stacks lose their oldest entry, as the protocol asks of a terminal. */
const deepest = 32

export const keyboardStack = (): KeyboardStack => {
  let stack = [0]
  let isTouched = false
  return {
    get flags() {
      return stack.at(-1)!
    },
    push: (flags) => {
      isTouched = true
      stack.push(flags)
      if (stack.length > deepest) stack.shift()
    },
    pop: (times) => {
      stack.length = Math.max(0, stack.length - Math.max(1, times))
      if (stack.length === 0) stack.push(0)
      isTouched = stack.length > 1 || stack[0] !== 0
    },
    set: (flags, mode) => {
      const before = stack.at(-1)!
      stack[stack.length - 1] = mode === 2 ? before | flags : mode === 3 ? before & ~flags : flags
      isTouched = stack.length > 1 || stack[0] !== 0
    },
    forget: () => {
      stack = [0]
      isTouched = false
    },
    off: () => (stack.length > 1 ? `\x1b[<${stack.length - 1}u` : "") + (isTouched ? "\x1b[=0u" : ""),
    // The last is set once more: a terminal that keeps no stack has it too.
    on: () => {
      const pushed = stack.slice(1).map((flags) => `\x1b[>${flags}u`)
      const [first = 0, last = 0] = [stack[0], stack.at(-1)]
      return [first === 0 ? "" : set(first), ...pushed, pushed.length === 0 || last === 0 ? "" : set(last)].join("")
    }
  }
}

const set = (flags: number) => `\x1b[=${flags}u`
