/** A terminal recording in the format asciicast v3 (docs.asciinema.org/manual/asciicast/v3): one JSON text a line, times in seconds. */
import type { Size } from "./spec.ts"
import { escapedJson } from "./terminal/deceptive.ts"

export interface CastHeader {
  readonly size: Size
  /** Epoch milliseconds: where the recording's time begins. */
  readonly startedAt: number
  readonly title: string
  readonly command: string
}

/** Every line ends with a line break. Times of events are epoch milliseconds; one that lies before the event before it counts as that one's. */
export interface Cast {
  readonly header: string
  readonly output: (at: number, text: string) => string
  readonly resize: (at: number, size: Size) => string
  readonly marker: (at: number, label: string) => string
  readonly exit: (at: number, code: number) => string
}

export const makeCast = ({ command, size, startedAt, title }: CastHeader): Cast => {
  let lastMs = startedAt
  /** v3 counts from the event before. Whole milliseconds are kept, so that nothing adds up. */
  const event = (at: number, code: string, text: string) => {
    const time = Math.max(at, lastMs)
    const interval = (time - lastMs) / 1_000
    lastMs = time
    return `${escapedJson(JSON.stringify([interval, code, text]))}\n`
  }
  const term = { cols: size.cols, rows: size.rows, type: "xterm-256color" }
  return {
    header: `${escapedJson(JSON.stringify({ version: 3, term, timestamp: Math.floor(startedAt / 1_000), title, command }))}\n`,
    output: (at, text) => event(at, "o", text),
    resize: (at, { cols, rows }) => event(at, "r", `${cols}x${rows}`),
    marker: (at, label) => event(at, "m", label.replaceAll(/\p{Cc}+/gu, " ")),
    exit: (at, code) => event(at, "x", String(code))
  }
}
