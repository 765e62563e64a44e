/** What a program says of itself in its output, read from bytes as they come: the Program Status Protocol, titles, notifications. */
import type { Activity } from "./activity.ts"
import { limits } from "./limits.ts"
import { Scanner } from "./terminal/scanner.ts"
import type { Sequence } from "./terminal/sequences.ts"
import { isQuery, passesQuietly, type TerminalQuery } from "./terminal-queries.ts"

/** `ESC ] 7501 ; state=…:app=…[:kind=…][:msg=<base64>][:nonce=…]`, ended by ST or BEL. */
export interface ProgramStatus {
  readonly activity: Activity
  /** What a person must answer, where the program says it. */
  readonly question: string | null
  /** What kind of answer it waits for. */
  readonly kind: "permission" | "input" | "login" | null
  /** The secret of its launch, as it stands in REPRISE_NONCE of its environment: what is only shown does not know it. */
  readonly nonce?: string
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

/** OSC 9 and OSC 777: what the program wants a person to see while that person looks elsewhere. `title` is empty where there is none. */
export interface Notification {
  readonly title: string
  readonly text: string
  readonly offset: number
}

export interface Heard {
  readonly statuses: ReadonlyArray<ProgramStatus>
  /** Offsets of `ESC ] 7501 ; ?`, by which a program asks whether a terminal listens. */
  readonly queries: ReadonlyArray<number>
  /** The ones that differ from the title before. */
  readonly titles: ReadonlyArray<Title>
  readonly notifications: ReadonlyArray<Notification>
  /** What the program asks of its terminal. */
  readonly asked: ReadonlyArray<TerminalQuery>
}

/** The answer to a query; a program that gets it reports its states from then on. */
export const programStatusReply = "\x1b]7501;?\x1b\\"

/**
 * `from`: the offset of the first byte that will be given. Chunks may end anywhere, also within a character. `titleKey`: titles with
 * the same key are the same title, such as the frames of a spinner.
 */
export const makeProgramStatusReader = (from: number, titleKey: (title: string) => string = (title) => title) => {
  let lastTitle: string | null = null
  let heard: Writable<Heard> | null = null
  const hear = (sequence: Sequence) => {
    if (isQuery(sequence)) {
      heard ??= silence()
      heard.asked.push({ from: sequence.from, to: sequence.to })
    }
    if (sequence.kind !== "osc") return
    const { body, to: offset } = sequence
    const opening = openings.find(({ prefix }) => startsWith(body, prefix))
    if (opening === undefined) return
    heard ??= silence()
    const rest = body.subarray(opening.prefix.length)
    if (opening.hear !== null) return opening.hear(heard, rest, offset)
    const title = textOf(rest).slice(0, limits.titleChars)
    const key = titleKey(title)
    if (key !== lastTitle) heard.titles.push({ title, offset })
    lastTitle = key
  }
  // In a flood of plain text the scanner does next to nothing, and in one of colours little more.
  const scanner = new Scanner({ sequence: hear, passes: passesQuietly }, { from })
  return (chunk: Uint8Array): Heard => {
    scanner.push(chunk)
    const all = heard ?? nothing
    heard = null
    return all
  }
}

type Writable<A> = { readonly [Key in keyof A]: A[Key] extends ReadonlyArray<infer Item> ? Array<Item> : A[Key] }

const silence = (): Writable<Heard> => ({ statuses: [], queries: [], titles: [], notifications: [], asked: [] })
const nothing: Heard = silence()

const startsWith = (bytes: Uint8Array, prefix: Uint8Array) => prefix.every((byte, place) => bytes[place] === byte)

const latin1 = new TextDecoder("latin1")
const utf8 = new TextDecoder()

/** Whatever a program says is shown to people: nothing in it may move a cursor. */
const textOf = (bytes: Uint8Array): string => utf8.decode(bytes).replaceAll(/\p{Cc}/gu, " ")

const hearStatus = (heard: Writable<Heard>, body: string, offset: number) => {
  if (body === "?") {
    heard.queries.push(offset)
    return
  }
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

const encoded = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
type Hear = (heard: Writable<Heard>, body: Uint8Array, offset: number) => void
/** Null: a title. */
const openings: ReadonlyArray<{ readonly prefix: Uint8Array; readonly hear: Hear | null }> = [
  { prefix: encoded("7501;"), hear: (heard, body, offset) => hearStatus(heard, latin1.decode(body), offset) },
  { prefix: encoded("9;"), hear: (heard, body, offset) => hearNotification(heard, textOf(body), offset) },
  { prefix: encoded("777;"), hear: (heard, body, offset) => hearTitledNotification(heard, textOf(body), offset) },
  { prefix: encoded("0;"), hear: null },
  { prefix: encoded("2;"), hear: null }
]

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
  const nonce = fields.get("nonce")
  const ended = state === "done" ? "completed" : state === "error" ? "failed" : null
  return {
    activity,
    ended,
    ...(nonce === undefined ? {} : { nonce }),
    question: activity === "waiting" ? messageOf(fields.get("msg")) : null,
    kind: activity === "waiting" ? kindOf(fields.get("kind")) : null
  }
}

/** `auth`: the user is not logged in (Claude Code 2.1.329). */
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
