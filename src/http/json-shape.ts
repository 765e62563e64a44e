/** How deep and how large a JSON text is, from its bytes alone: before a parser or a schema, which recurse, sees it. */
export interface JsonShape {
  readonly levels: number
  /** Values and keys, roughly: brackets, commas and colons. */
  readonly values: number
}

const quote = 0x22
const backslash = 0x5c

/** Of any bytes; what is not JSON is refused by the parser afterwards. Stops at the first level beyond `mostLevels`. */
export const jsonShape = (bytes: Uint8Array, mostLevels: number): JsonShape => {
  let [level, levels, values, inString] = [0, 0, 0, false]
  for (let at = 0; at < bytes.length && levels <= mostLevels; at++) {
    const byte = bytes[at]!
    if (inString) {
      if (byte === backslash) at += 1
      else if (byte === quote) inString = false
      continue
    }
    switch (byte) {
      case quote:
        inString = true
        break
      case 0x5b:
      case 0x7b:
        level += 1
        values += 1
        levels = Math.max(levels, level)
        break
      case 0x5d:
      case 0x7d:
        level -= 1
        break
      case 0x2c:
      case 0x3a:
        values += 1
        break
    }
  }
  return { levels, values }
}
