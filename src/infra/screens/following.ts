/** Lets a terminal's switches and titles follow what its program prints: of what xterm keeps itself, nothing. */
import type { IFunctionIdentifier, Terminal } from "@xterm/headless"
import type { Switches } from "../../domain/terminal/switches.ts"

/** Keys, origin, wrap, cursor, mouse, focus, paste, synchronised output. */
const keptByXterm: ReadonlySet<number> = new Set([1, 6, 7, 9, 25, 45, 66, 1000, 1002, 1003, 1004, 1006, 1016, 2004, 2026])
const insert = 4

/** An agent may ask for colours without end; what is longer is no colour. */
const commands = [4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 104, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119]
const controls: ReadonlyArray<IFunctionIdentifier & { readonly leaves?: (parameter: number) => boolean }> = [
  { prefix: "?", final: "h", leaves: (mode) => keptByXterm.has(mode) },
  { prefix: "?", final: "l", leaves: (mode) => keptByXterm.has(mode) },
  { final: "h", leaves: (mode) => mode === insert },
  { final: "l", leaves: (mode) => mode === insert },
  { prefix: ">", final: "u" },
  { prefix: "<", final: "u" },
  { prefix: "=", final: "u" },
  { prefix: ">", final: "m" },
  { intermediates: " ", final: "q" }
]

/** None of the handlers keeps a sequence from xterm's own, where it has one. */
export const followSwitches = ({ parser }: Terminal, switches: Switches): void => {
  const somewhere = { from: 0, to: 0 }
  for (const { leaves, ...id } of controls) {
    parser.registerCsiHandler(id, (parameters) => {
      const numbers = parameters.map((parameter) => (typeof parameter === "number" ? parameter : 0))
      const kept = numbers.filter((number) => leaves?.(number) !== true)
      const { final, intermediates = "", prefix = "" } = id
      if (leaves === undefined || kept.length > 0)
        switches.sequence({ kind: "csi", prefix, parameters: kept.join(";"), intermediates, final, ...somewhere })
      return false
    })
  }
  for (const number of commands) {
    parser.registerOscHandler(number, (rest) => {
      switches.sequence({ kind: "osc", body: Buffer.from(rest === "" ? String(number) : `${number};${rest}`), isBell: false, ...somewhere })
      return false
    })
  }
  parser.registerEscHandler({ final: "c" }, () => {
    switches.sequence({ kind: "escape", intermediates: "", final: "c", ...somewhere })
    return false
  })
}

export const followTitles = ({ parser }: Terminal, titles: { readonly push: () => void; readonly pop: () => void }): void => {
  parser.registerCsiHandler({ final: "t" }, ([kind, which]) => {
    // 1 is the title of the icon alone.
    if (which === 1 || (kind !== 22 && kind !== 23)) return false
    if (kind === 22) titles.push()
    else titles.pop()
    return true
  })
}
