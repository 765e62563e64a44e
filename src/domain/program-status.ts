/** What a program says of itself in its output: the Program Status Protocol (OSC 7501), read from bytes as they come. */
import type { Activity } from "./facts.ts"

/** `ESC ] 7501 ; state=…:app=…[:kind=…][:msg=<base64>]`, ended by ST or BEL. */
export interface ProgramStatus {
  readonly activity: Activity
  /** What somebody must answer, where the program says it. */
  readonly question: string | null
  /** Bytes from the beginning of the stream to the end of the sequence. */
  readonly offset: number
}

export interface Heard {
  readonly statuses: ReadonlyArray<ProgramStatus>
  /** Offsets of `ESC ] 7501 ; ?`, by which a program asks whether anybody listens. */
  readonly queries: ReadonlyArray<number>
}

/** The answer to a query; a program that gets it reports its states from then on. */
export const programStatusReply = "\x1b]7501;?\x1b\\"

/** A sequence longer than this is not one of ours: a message of the protocol is a line of text. */
const longestSequence = 8_192

/** `from`: the offset of the first byte that will be given. Chunks may end anywhere, also within a character. */
export const makeProgramStatusReader = (from: number) => {
  let offset = from
  /** The beginning of a sequence whose end has not come. */
  let carried = ""
  return (chunk: Uint8Array): Heard => {
    const skipped = carried === "" ? beforeOpening(chunk) : 0
    // One character a byte: markers are ASCII, and a message is base64. What cannot be ours is not even decoded.
    const text = carried + latin1.decode(chunk.subarray(skipped))
    const start = offset + skipped - carried.length
    offset += chunk.length
    const statuses: Array<ProgramStatus> = []
    const queries: Array<number> = []
    let place = text.indexOf(opening)
    carried = ""
    while (place >= 0) {
      const end = endOf(text, place + opening.length)
      if (end === null) {
        if (text.length - place <= longestSequence) carried = text.slice(place)
        break
      }
      const body = text.slice(place + opening.length, end.from)
      if (body === "?") queries.push(start + end.to)
      else {
        const status = statusOf(body)
        if (status !== null) statuses.push({ ...status, offset: start + end.to })
      }
      place = text.indexOf(opening, end.to)
    }
    if (carried === "") carried = beginningAtEnd(text)
    return { statuses, queries }
  }
}

const opening = "\x1b]7501;"
const openingBytes = Uint8Array.from(opening, (character) => character.charCodeAt(0))

/** How many bytes come before the first that may begin a sequence: all of them in a flood of plain text. */
const beforeOpening = (chunk: Uint8Array): number => {
  for (let place = chunk.indexOf(openingBytes[0]!); place >= 0; place = chunk.indexOf(openingBytes[0]!, place + 1)) {
    const length = Math.min(openingBytes.length, chunk.length - place)
    let same = 1
    while (same < length && chunk[place + same] === openingBytes[same]) same += 1
    if (same === length) return place
  }
  return chunk.length
}
const latin1 = new TextDecoder("latin1")
const utf8 = new TextDecoder()

const endOf = (text: string, from: number): { readonly from: number; readonly to: number } | null => {
  for (let place = from; place < text.length && place - from <= longestSequence; place++) {
    if (text[place] === "\x07") return { from: place, to: place + 1 }
    if (text[place] === "\x1b" && text[place + 1] === "\\") return { from: place, to: place + 2 }
  }
  return null
}

/** The end of a chunk may hold the first bytes of the opening. */
const beginningAtEnd = (text: string): string => {
  for (let length = Math.min(opening.length - 1, text.length); length > 0; length--)
    if (opening.startsWith(text.slice(-length))) return text.slice(-length)
  return ""
}

const activities: Readonly<Record<string, Activity>> = {
  idle: "idle",
  done: "idle",
  error: "idle",
  working: "working",
  blocked: "waiting",
  clear: "unknown"
}

const statusOf = (body: string): Omit<ProgramStatus, "offset"> | null => {
  const fields = new Map(body.split(":").map((field) => [field.split("=", 1)[0]!, field.slice(field.indexOf("=") + 1)]))
  const activity = activities[fields.get("state") ?? ""]
  if (activity === undefined) return null
  return { activity, question: activity === "waiting" ? (messageOf(fields.get("msg")) ?? fields.get("kind") ?? null) : null }
}

const messageOf = (base64: string | undefined): string | null => {
  if (base64 === undefined || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return null
  try {
    // Whatever the program says is shown to people: nothing in it may move a cursor.
    return utf8.decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))).replaceAll(/\p{Cc}/gu, " ")
  } catch (cause) {
    if (cause instanceof DOMException) return null
    throw cause
  }
}
