/** Follows what an agent switches on in the terminal, and says what takes exactly that back. */

export interface Modes {
  readonly push: (chunk: Uint8Array) => void
  /** Undoes what is on now; empty when nothing is. */
  readonly restore: () => string
}

/** Private modes (DECSET) that a shell would suffer from, and the state in which they are left. */
const neutral: ReadonlyMap<number, boolean> = new Map([
  [1, false], // application cursor keys
  [5, false], // reverse video
  [6, false], // origin mode
  [7, true], // wrap at the margin
  [9, false], // mouse, X10
  [25, true], // cursor shown
  [45, false],
  [66, false], // application keypad
  [1000, false], // mouse
  [1001, false],
  [1002, false],
  [1003, false],
  [1004, false], // focus
  [1005, false],
  [1006, false], // mouse, SGR
  [1015, false],
  [1016, false],
  [2004, false], // bracketed paste
  [2026, false], // synchronised output: left on, the terminal would draw nothing more
  [2031, false] // colour scheme reports
])
/** The alternate screen, under its three numbers. */
const alternate: ReadonlySet<number> = new Set([47, 1047, 1049])

const longest = 64

export const modes = (): Modes => {
  const changed = new Map<number, boolean>()
  let screen: number | undefined
  // Each of the two screens has a stack of its own.
  const kitty = { main: { pushed: 0, set: false }, alternate: { pushed: 0, set: false } }
  let otherKeys = false
  let styled = false
  let margins = false
  let keypad = false
  let shape = false
  let inserting = false
  let shifted = false
  let titled = 0
  let pending: string | undefined
  let inString = false

  const forget = () => {
    changed.clear()
    screen = undefined
    for (const keys of [kitty.main, kitty.alternate]) {
      keys.pushed = 0
      keys.set = false
    }
    otherKeys = styled = margins = keypad = shape = inserting = shifted = false
  }

  const setPrivate = (numbers: ReadonlyArray<number>, on: boolean) => {
    for (const number of numbers) {
      if (alternate.has(number)) screen = on ? number : undefined
      else if (neutral.get(number) === on) changed.delete(number)
      else if (neutral.has(number)) changed.set(number, on)
    }
  }

  const csi = (body: string, final: string) => {
    const numbers = body
      .replace(/^[?<=>]/, "")
      .split(/[;:]/)
      .map(Number)
    if (body.startsWith("?")) {
      if (final === "h" || final === "l") setPrivate(numbers, final === "h")
    } else if (final === "u") {
      const keys = screen === undefined ? kitty.main : kitty.alternate
      if (body.startsWith(">")) keys.pushed++
      else if (body.startsWith("<")) keys.pushed = Math.max(0, keys.pushed - (numbers[0] || 1))
      else if (body.startsWith("=")) keys.set = true
    } else if (final === "m") {
      if (body.startsWith(">")) otherKeys = numbers[0] === 4 && (numbers[1] ?? 0) > 0
      else styled = !/^[0;]*$/.test(body)
    } else if (final === "r") margins = body !== ""
    else if (final === "q" && body.endsWith(" ")) shape = Number(body.trim() || 0) !== 0
    else if ((final === "h" || final === "l") && numbers.includes(4)) inserting = final === "h"
    else if (final === "t" && numbers[0] === 22) titled++
    else if (final === "t" && numbers[0] === 23) titled = Math.max(0, titled - 1)
    else if (final === "p" && body === "!") forget()
  }

  const escaped = (character: string) => {
    if (character === "=") keypad = true
    else if (character === ">") keypad = false
    else if (character === "c") forget()
  }

  const step = (code: number) => {
    const character = String.fromCharCode(code)
    if (pending === undefined) {
      if (code === 0x1b) pending = ""
      else if (inString && (code === 0x07 || code === 0x18 || code === 0x1a)) inString = false
      else if (code === 0x0e && !inString) shifted = true
      else if (code === 0x0f && !inString) shifted = false
      return
    }
    if (pending === "") {
      // Whatever follows the escape ends a string: ST, or the next sequence.
      inString = "]PX^_".includes(character)
      if (character === "[") pending = "["
      else {
        pending = code === 0x1b ? "" : undefined
        if (!inString) escaped(character)
      }
      return
    }
    if (code >= 0x40 && code <= 0x7e) {
      if (pending.length <= longest) csi(pending.slice(1), character)
      pending = undefined
    } else if (code === 0x1b) pending = ""
    else if (code === 0x18 || code === 0x1a) pending = undefined
    else if (code >= 0x20 && code < 0x40 && pending.length <= longest) pending += character
  }

  return {
    push: (chunk) => {
      for (let index = 0; index < chunk.length; index++) {
        const code = chunk[index]!
        // Text between sequences is most of all output, and none of our business.
        if (pending === undefined && code >= 0x20 && code !== 0x7f) continue
        step(code)
      }
    },
    restore: () => {
      const parts: Array<string> = []
      // A sequence or string that was cut off would swallow what follows.
      if (pending !== undefined || inString) parts.push("\x18\x1b\\")
      for (const [number, on] of changed) parts.push(`\x1b[?${number}${on ? "l" : "h"}`)
      parts.push(keysBack(screen === undefined ? kitty.main : kitty.alternate))
      if (otherKeys) parts.push("\x1b[>4;0m")
      if (keypad) parts.push("\x1b>")
      if (inserting) parts.push("\x1b[4l")
      if (shifted) parts.push("\x0f")
      if (margins) parts.push("\x1b7\x1b[r\x1b8")
      if (shape) parts.push("\x1b[0 q")
      if (styled) parts.push("\x1b[0m")
      if (titled > 0) parts.push("\x1b[23t")
      if (screen !== undefined) parts.push(`\x1b[?${screen}l`, keysBack(kitty.main))
      return parts.join("")
    }
  }
}

const keysBack = ({ pushed, set }: { readonly pushed: number; readonly set: boolean }): string =>
  (pushed > 0 ? `\x1b[<${pushed}u` : "") + (set || pushed > 0 ? "\x1b[=0u" : "")
