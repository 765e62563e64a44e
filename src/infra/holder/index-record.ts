/** The index of an output segment: fixed records that say which bytes are there, when they came and how large the screen was. */
import { crc32 } from "node:zlib"
import { limits } from "../../domain/limits.ts"

/** `offset` counts terminal bytes since the session's first launch; `wallMs` is epoch milliseconds. */
export type IndexRecord =
  | { readonly kind: "chunk"; readonly offset: number; readonly wallMs: number; readonly length: number; readonly crc: number }
  | {
      readonly kind: "resize"
      readonly offset: number
      readonly wallMs: number
      readonly cols: number
      readonly rows: number
      /** A launch begins here, with a terminal as new. */
      readonly isFresh?: true
    }
  /** Bytes that came and could not be kept: from `offset` on, `length` of them. */
  | { readonly kind: "gap"; readonly offset: number; readonly wallMs: number; readonly length: number }

export const recordBytes = 32

/**
 * Little-endian: kind u8, version u8, wall ms u48, offset u48 (+2), length u48 or cols u16, rows u16 and fresh u8 (+1), crc of the chunk u32,
 * crc of the first 28 bytes u32.
 */
export const encodeRecord = (record: IndexRecord, into: Buffer = Buffer.allocUnsafe(recordBytes)): Buffer => {
  into.fill(0)
  into[0] = kinds.indexOf(record.kind) + 1
  into[1] = version
  into.writeUIntLE(record.wallMs, 2, 6)
  into.writeUIntLE(record.offset, 8, 6)
  if (record.kind === "resize") {
    into.writeUInt16LE(record.cols, 16)
    into.writeUInt16LE(record.rows, 18)
    into[20] = record.isFresh === true ? 1 : 0
  } else into.writeUIntLE(record.length, 16, 6)
  if (record.kind === "chunk") into.writeUInt32LE(record.crc, 24)
  into.writeUInt32LE(crc32(into.subarray(0, 28)), 28)
  return into
}

/** Null for anything that was not written whole by `encodeRecord`, and for what no holder writes. */
export const decodeRecord = (bytes: Buffer, at = 0): IndexRecord | null => {
  if (bytes.length - at < recordBytes) return null
  const kind = kinds[(bytes[at] ?? 0) - 1]
  if (kind === undefined || bytes[at + 1] !== version || crc32(bytes.subarray(at, at + 28)) !== bytes.readUInt32LE(at + 28)) return null
  const wallMs = bytes.readUIntLE(at + 2, 6)
  const offset = bytes.readUIntLE(at + 8, 6)
  if (kind === "resize") {
    const size = { cols: bytes.readUInt16LE(at + 16), rows: bytes.readUInt16LE(at + 18) }
    return { kind, offset, wallMs, ...size, ...(bytes[at + 20] === 1 ? { isFresh: true as const } : {}) }
  }
  const length = bytes.readUIntLE(at + 16, 6)
  if (offset + length > limits.outputOffset || (kind === "chunk" && length > limits.outputChunkBytes)) return null
  return kind === "gap" ? { kind, offset, wallMs, length } : { kind, offset, wallMs, length, crc: bytes.readUInt32LE(at + 24) }
}

/** The first offset after what the record covers. */
export const endOf = (record: IndexRecord): number => record.offset + (record.kind === "resize" ? 0 : record.length)

const version = 1
const kinds = ["chunk", "resize", "gap"] as const
