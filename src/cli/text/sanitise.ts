/** Makes an agent's bytes safe to print: colours, line ends and tabs pass; nothing that moves, asks, titles or hides does. */

/** Where the scan stands between two chunks. */
type Scan = "text" | "escape" | "intermediate" | "csi" | "string" | "string_escape"

/** A CSI that grows beyond this is no colour, whatever it ends with. */
const longestCsi = 128

export interface Sanitiser {
  /** What may be printed of this chunk; a sequence cut by the chunk's end is judged with the next one. */
  readonly push: (chunk: Uint8Array) => string
  readonly end: () => string
}

export const sanitiser = (): Sanitiser => {
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })
  let scan: Scan = "text"
  let csi = ""
  let returned = false
  let coloured = false

  const step = (character: string): string => {
    const code = character.codePointAt(0)!
    switch (scan) {
      case "text":
        return printable(character, code)
      case "escape":
        if (character === "[") {
          scan = "csi"
          csi = ""
        } else if (character === "]" || character === "P" || character === "X" || character === "^" || character === "_") scan = "string"
        else if (code >= 0x20 && code <= 0x2f) scan = "intermediate"
        else if (code !== 0x1b) scan = "text"
        return ""
      case "intermediate":
        if (code < 0x20 || code > 0x2f) scan = code === 0x1b ? "escape" : "text"
        return ""
      case "csi":
        return control(character, code)
      case "string":
        // OSC, DCS and their kind end with BEL or ST; CAN and SUB abandon them (ECMA-48).
        if (code === 0x07 || code === 0x9c || code === 0x18 || code === 0x1a) scan = "text"
        else if (code === 0x1b) scan = "string_escape"
        return ""
      case "string_escape":
        scan = character === "\\" ? "text" : "escape"
        return scan === "escape" ? step(character) : ""
    }
  }

  const control = (character: string, code: number): string => {
    if (code === 0x1b) {
      scan = "escape"
      return ""
    }
    if (code < 0x40 || code > 0x7e) {
      // A control character inside a sequence acts as if it stood before it; we only drop it. CAN and SUB abandon the sequence.
      if (code === 0x18 || code === 0x1a || code > 0x7e) scan = "text"
      else if (code >= 0x20 && csi.length <= longestCsi) csi += character
      return ""
    }
    scan = "text"
    if (character !== "m" || csi.length > longestCsi || !/^[0-9;:]*$/.test(csi)) return ""
    coloured = !/^0*$/.test(csi)
    return `\x1b[${csi}m`
  }

  const printable = (character: string, code: number): string => {
    if (character === "\r") {
      // CR LF is a line end. A CR alone goes back to overwrite a line, which hides text: it becomes a line end too.
      const again = returned
      returned = true
      return again ? "" : "\r"
    }
    if (code === 0x1b) scan = "escape"
    else if (code === 0x9b) {
      scan = "csi"
      csi = ""
    } else if (code === 0x90 || code === 0x98 || code === 0x9d || code === 0x9e || code === 0x9f) scan = "string"
    else if (character === "\n" || character === "\t" || (code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code <= 0x9f))) {
      return isBidirectional(code) ? "" : character
    }
    return ""
  }

  /** Resolves each CR by what follows it, so that no bare one is left. */
  const lineEnds = (text: string): string => {
    let clean = ""
    for (const character of text) {
      if (character === "\r") continue
      if (returned && character !== "\n") clean += "\n"
      returned = false
      clean += character
    }
    return clean
  }

  const push = (text: string): string => {
    let clean = ""
    for (const character of text) {
      const passed = step(character)
      if (passed !== "" && passed !== "\r") clean += lineEnds(passed)
    }
    return clean
  }

  return {
    push: (chunk) => push(decoder.decode(chunk, { stream: true })),
    end: () => `${push(decoder.decode())}${coloured ? "\x1b[0m" : ""}`
  }
}

/** Text for one line of ours: no control character at all, line ends shown as spaces. */
export const oneLine = (text: string): string =>
  [...text.replace(/[\r\n\t]+/g, " ")]
    .filter((character) => {
      const code = character.codePointAt(0)!
      return code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && !isBidirectional(code)
    })
    .join("")

/** Characters that reorder the text around them, so that what is read is not what is there (CVE-2021-42574). */
const isBidirectional = (code: number) => (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
