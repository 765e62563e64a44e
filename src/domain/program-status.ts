/** What a program says of itself in its output, read from bytes as they come: the Program Status Protocol, titles, notifications. */
import type { Activity } from "./activity.ts"
import { limits } from "./limits.ts"

/** `ESC ] 7501 ; state=…:app=…[:kind=…][:msg=<base64>]`, ended by ST or BEL. */
export interface ProgramStatus {
  readonly activity: Activity
  /** What somebody must answer, where the program says it. */
  readonly question: string | null
  /** What kind of answer it waits for. */
  readonly kind: "permission" | "input" | "login" | null
  /** How the turn ended, where the program says that one did. */
  readonly ended: "completed" | "failed" | null
  /** Bytes from the beginning of the stream to the end of the sequence. */
  readonly offset: number
}

/** OSC 0 and OSC 2: what the program has written over its window. Plain text, also empty. */
export interface Title {
  readonly title: string
  readonly offset: number
}

/** OSC 9 and OSC 777: what the program wants a person to see who looks elsewhere. `title` is empty where there is none. */
export interface Notification {
  readonly title: string
  readonly text: string
  readonly offset: number
}

export interface Heard {
  readonly statuses: ReadonlyArray<ProgramStatus>
  /** Offsets of `ESC ] 7501 ; ?`, by which a program asks whether anybody listens. */
  readonly queries: ReadonlyArray<number>
  /** The ones that differ from the title before. */
  readonly titles: ReadonlyArray<Title>
  readonly notifications: ReadonlyArray<Notification>
}

/** The answer to a query; a program that gets it reports its states from then on. */
export const programStatusReply = "\x1b]7501;?\x1b\\"

/** A sequence whose body is longer than this is not one of ours: a message of the protocol is a line of text. */
const longestSequence = 8_192

/**
 * `from`: the offset of the first byte that will be given. Chunks may end anywhere, also within a character. `titleKey`: titles with
 * the same key are the same title, such as the frames of a spinner.
 */
export const makeProgramStatusReader = (from: number, titleKey: (title: string) => string = (title) => title) => {
  let offset = from
  /** The beginning of a sequence whose end has not come. */
  let carried: Uint8Array | null = null
  let lastTitle: string | null = null
  return (chunk: Uint8Array): Heard => {
    const bytes = carried === null ? chunk : joined(carried, chunk)
    const start = offset - (carried?.length ?? 0)
    offset += chunk.length
    carried = null
    let heard: Writable<Heard> | null = null
    // In a flood of plain text this loop is one search of native code, and in one of colours little more: nothing is made.
    for (let place = bytes.indexOf(escape); place >= 0; ) {
      if (place + 1 < bytes.length && bytes[place + 1] !== closingBracket) {
        place = bytes.indexOf(escape, place + 1)
        continue
      }
      const opening = openingAt(bytes, place)
      if (opening === null) {
        place = bytes.indexOf(escape, place + 1)
        continue
      }
      const bodyFrom = place + opening.length
      const end = opening === unfinished ? null : endOf(bytes, bodyFrom)
      if (end === null) {
        if (bytes.length - bodyFrom <= longestSequence) {
          // A copy: whoever gave the chunk may use its memory again.
          carried = new Uint8Array(bytes.subarray(place))
          break
        }
        place = bytes.indexOf(escape, place + 1)
        continue
      }
      place = bytes.indexOf(escape, end.to)
      if (!end.whole) continue
      heard ??= { statuses: [], queries: [], titles: [], notifications: [] }
      const body = bytes.subarray(bodyFrom, end.from)
      const at = start + end.to
      if (opening === status) hearStatus(heard, latin1.decode(body), at)
      else if (opening === plainNotification) hearNotification(heard, textOf(body), at)
      else if (opening === titledNotification) hearTitledNotification(heard, textOf(body), at)
      else {
        const title = textOf(body).slice(0, limits.titleChars)
        const key = titleKey(title)
        if (key !== lastTitle) heard.titles.push({ title, offset: at })
        lastTitle = key
      }
    }
    return heard ?? nothing
  }
}

type Writable<A> = { readonly [Key in keyof A]: A[Key] extends ReadonlyArray<infer Item> ? Array<Item> : A[Key] }

const nothing: Heard = { statuses: [], queries: [], titles: [], notifications: [] }
const escape = 0x1b
const closingBracket = 0x5d

const encoded = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const status = encoded("\x1b]7501;")
const plainNotification = encoded("\x1b]9;")
const titledNotification = encoded("\x1b]777;")
const openings = [status, plainNotification, titledNotification, encoded("\x1b]0;"), encoded("\x1b]2;")] as const
/** The chunk ends in the first bytes of an opening. */
const unfinished = new Uint8Array(0)

/** Null where nothing begins that is read here. */
const openingAt = (bytes: Uint8Array, place: number): Uint8Array | null => {
  for (const opening of openings) {
    const length = Math.min(opening.length, bytes.length - place)
    let same = 1
    while (same < length && bytes[place + same] === opening[same]) same += 1
    if (same >= length) return length === opening.length ? opening : unfinished
  }
  return null
}

/** Null while the end has not come. Not `whole`: something else begins at `to`, as a terminal sees it, and the sequence counts for nothing. */
const endOf = (bytes: Uint8Array, from: number): { readonly from: number; readonly to: number; readonly whole: boolean } | null => {
  const last = Math.min(bytes.length, from + longestSequence)
  for (let place = from; place < last; place++) {
    const byte = bytes[place]!
    if (byte > escape) continue
    if (byte === 0x07) return { from: place, to: place + 1, whole: true }
    // CAN and SUB.
    if (byte === 0x18 || byte === 0x1a) return { from: place, to: place + 1, whole: false }
    if (byte !== escape) continue
    if (place + 1 === bytes.length) return null
    return bytes[place + 1] === 0x5c ? { from: place, to: place + 2, whole: true } : { from: place, to: place, whole: false }
  }
  return null
}

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

const latin1 = new TextDecoder("latin1")
const utf8 = new TextDecoder()

/** Whatever a program says is shown to people: nothing in it may move a cursor. */
const textOf = (bytes: Uint8Array): string => utf8.decode(bytes).replaceAll(/\p{Cc}/gu, " ")

const hearStatus = (heard: Writable<Heard>, body: string, offset: number) => {
  if (body === "?") return heard.queries.push(offset)
  const said = statusOf(body)
  if (said !== null) heard.statuses.push({ ...said, offset })
}

/** ConEmu gave OSC 9 with a number in front to other things: `9;4` is a progress bar, `9;9` a directory. */
const hearNotification = (heard: Writable<Heard>, text: string, offset: number) => {
  if (!/^\d{1,2}(?:;|$)/.test(text)) heard.notifications.push({ title: "", text: text.slice(0, limits.notificationChars), offset })
}

/** `notify;title;text` (urxvt); other words in front are other extensions. */
const hearTitledNotification = (heard: Writable<Heard>, body: string, offset: number) => {
  const [kind, title = "", ...rest] = body.split(";")
  if (kind !== "notify") return
  heard.notifications.push({ title: title.slice(0, limits.titleChars), text: rest.join(";").slice(0, limits.notificationChars), offset })
}

const activities: ReadonlyMap<string, Activity> = new Map([
  ["idle", "idle"],
  ["done", "idle"],
  ["error", "idle"],
  ["working", "working"],
  ["blocked", "waiting"],
  ["clear", "unknown"]
])

const statusOf = (body: string): Omit<ProgramStatus, "offset"> | null => {
  const fields = new Map(body.split(":").map((field) => [field.split("=", 1)[0]!, field.slice(field.indexOf("=") + 1)]))
  const state = fields.get("state") ?? ""
  const activity = activities.get(state)
  if (activity === undefined) return null
  const ended = state === "done" ? "completed" : state === "error" ? "failed" : null
  return {
    activity,
    ended,
    question: activity === "waiting" ? messageOf(fields.get("msg")) : null,
    kind: activity === "waiting" ? kindOf(fields.get("kind")) : null
  }
}

/** `auth`: nobody is logged in (Claude Code 2.1.329). */
const kindOf = (kind: string | undefined) => (kind === "permission" ? "permission" : kind === "auth" ? "login" : "input")

const messageOf = (base64: string | undefined): string | null => {
  if (base64 === undefined || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return null
  try {
    return textOf(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch (cause) {
    if (cause instanceof DOMException) return null
    throw cause
  }
}
