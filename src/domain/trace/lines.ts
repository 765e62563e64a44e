/** Bytes to lines, however the bytes are cut; a line that never ends is given up. */

/** Lines come without their line feeds. What is not UTF-8 comes as other text, which no digest fits. */
export const makeLines = (maximumChars: number) => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let rest = ""
  return {
    /** Null when a line is longer than it may be. */
    push: (bytes: Uint8Array): ReadonlyArray<string> | null => {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = parts.pop()!
      return rest.length > maximumChars || parts.some(({ length }) => length > maximumChars) ? null : parts
    },
    /** Whether the last line lacks its line feed. */
    open: () => rest.length > 0
  }
}
