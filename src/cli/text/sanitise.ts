/** Makes an agent's bytes safe to print: colours, line ends and tabs pass; nothing that moves, asks, titles or hides does. */
import { allowed } from "../../domain/terminal/allowed.ts"
import { withoutDeceptive } from "../../domain/terminal/deceptive.ts"
import { Scanner } from "../../domain/terminal/scanner.ts"
import { type ControlSequence, nameOf, textOf } from "../../domain/terminal/sequences.ts"

export { escapedJson, oneLine } from "../../domain/terminal/deceptive.ts"

export interface Sanitiser {
  /** What may be printed of this chunk; a sequence cut by the chunk's end is judged with the next one. */
  readonly push: (chunk: Uint8Array) => string
  readonly end: () => string
}

/** Of the control sequences, those of a picture that is drawn once from its top: colours, and steps to the right. */
const ofPictures: ReadonlySet<string> = new Set(["m", "C", "X", "K"])
const ofText: ReadonlySet<string> = new Set(["m"])

export const sanitiser = (passing: ReadonlySet<string> = ofText): Sanitiser => {
  let clean = ""
  let returned = false
  let coloured = false

  /** CR LF is a line end. A CR alone goes back to overwrite a line, which hides text: it becomes a line end too. */
  const add = (text: string) => {
    if (returned && text !== "\n") clean += "\n"
    returned = false
    clean += text
  }
  const control = (code: number) => {
    if (code === 0x0d) returned = true
    else if (code === 0x0a || code === 0x09) add(String.fromCharCode(code))
  }
  const sequence = (found: ControlSequence) => {
    const text = passing.has(nameOf(found)) ? allowed(found, { clipboard: false }) : null
    if (text === null) return
    if (found.final === "m") coloured = !/^0*$/.test(found.parameters)
    clean += text
  }
  const scanner = new Scanner({
    text: (bytes) => {
      const text = withoutDeceptive(textOf(bytes))
      if (text !== "") add(text)
    },
    control,
    sequence: (found) => {
      if (found.kind === "csi") sequence(found)
    }
  })
  const taken = () => {
    const text = clean
    clean = ""
    return text
  }
  return {
    push: (chunk) => {
      scanner.push(chunk)
      return taken()
    },
    end: () => `${taken()}${coloured ? "\x1b[0m" : ""}`
  }
}

/** The drawing of a screen, for a terminal that shows it among other lines. */
export const picture = (drawing: string): string => {
  const clean = sanitiser(ofPictures)
  return clean.push(new TextEncoder().encode(drawing)) + clean.end()
}

/** Lines of ours, with colours of ours: whatever of others' words got into them does nothing but stand there. */
export const printable = (text: string): string => {
  if (!/[^\n -~]/.test(text)) return text
  const clean = sanitiser()
  return clean.push(new TextEncoder().encode(text)) + clean.end()
}
