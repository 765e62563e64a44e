/** Cuts what a program piles on one cell: of each cluster of code points the first few are left. */
import { limits } from "../limits.ts"

/** Takes whole characters of UTF-8, and gives those that are left; no bytes at all mean that something else came between. */
export const makeClusterLimit = () => {
  let length = 0
  let afterJoiner = false
  return (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === 0 || bytes[bytes.length - 1]! < 0x80) {
      // The scanner gives runs of ASCII by themselves, and each of them is a cell of its own.
      length = bytes.length === 0 ? 0 : 1
      afterJoiner = false
      return bytes
    }
    let left: Uint8Array | null = null
    let to = 0
    for (let at = 0; at < bytes.length; ) {
      const width = bytes[at]! < 0x80 ? 1 : bytes[at]! < 0xe0 ? 2 : bytes[at]! < 0xf0 ? 3 : 4
      const code = codePointAt(bytes, at, width)
      length = afterJoiner || joins(code) ? length + 1 : 1
      afterJoiner = code === 0x200d
      if (length <= limits.cellCodePoints) {
        if (left !== null) left.copyWithin(to, at, at + width)
        to += width
      } else left ??= bytes.slice()
      at += width
    }
    return left === null ? bytes : left.subarray(0, to)
  }
}

const codePointAt = (bytes: Uint8Array, at: number, width: number): number => {
  if (width === 1) return bytes[at]!
  let code = bytes[at]! & (0xff >> (width + 1))
  for (let more = 1; more < width; more++) code = (code << 6) | (bytes[at + more]! & 0x3f)
  return code
}

const blockSize = 256
const blocks = new Map<number, Uint8Array>()

/** Marks, format characters, skin tones and the parts of Korean syllables: what may stand on the cell before it. */
const joins = (code: number): boolean => {
  const number = Math.floor(code / blockSize)
  let block = blocks.get(number)
  if (block === undefined) {
    block = Uint8Array.from({ length: blockSize }, (_, place) => (isJoining(number * blockSize + place) ? 1 : 0))
    blocks.set(number, block)
  }
  return block[code % blockSize] === 1
}

const isJoining = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x11ff) ||
  (code >= 0xa960 && code <= 0xa97f) ||
  (code >= 0xd7b0 && code <= 0xd7ff) ||
  (code >= 0x1f3fb && code <= 0x1f3ff) ||
  (code < 0x110000 && /^[\p{M}\p{Cf}]$/u.test(String.fromCodePoint(code)))
