/** WebSocket frames as bytes, right or wrong. */

export interface FrameOptions {
  readonly final?: boolean
  readonly masked?: boolean
  /** Reserved bits of the first byte. */
  readonly reserved?: number
  /** What the frame says its length is, where it lies. */
  readonly length?: number
  readonly mask?: Buffer
}

export const frame = (opcode: number, payload: Buffer, options: FrameOptions = {}): Buffer => {
  const { final = true, length = payload.length, mask = Buffer.from([1, 2, 3, 4]), masked = true, reserved = 0 } = options
  const body = masked ? payload.map((byte, index) => byte ^ mask[index % 4]!) : payload
  return Buffer.concat([
    Buffer.from([(final ? 0x80 : 0) | reserved | opcode]),
    lengthBytes(length, masked),
    masked ? mask : Buffer.alloc(0),
    body
  ])
}

const lengthBytes = (length: number, masked: boolean): Buffer => {
  const bit = masked ? 0x80 : 0
  if (length < 126) return Buffer.from([bit | length])
  const wide = length > 65_535
  const bytes = Buffer.alloc(wide ? 9 : 3)
  bytes[0] = bit | (wide ? 127 : 126)
  if (wide) bytes.writeBigUInt64BE(BigInt(length), 1)
  else bytes.writeUInt16BE(length, 1)
  return bytes
}

/** The code of the close frame in what a server has sent, its handshake included; null where there is none yet. */
export const closeCodeIn = (bytes: Buffer): number | null => {
  const handshakeEnd = bytes.indexOf("\r\n\r\n")
  if (handshakeEnd < 0) return null
  let at = handshakeEnd + 4
  while (at + 2 <= bytes.length) {
    const opcode = bytes[at]! & 0x0f
    const short = bytes[at + 1]! & 0x7f
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + header > bytes.length) return null
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (opcode === 8) return length >= 2 && at + header + 2 <= bytes.length ? bytes.readUInt16BE(at + header) : null
    at += header + length
  }
  return null
}
