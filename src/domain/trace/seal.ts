/** Each line of a trace carries a digest over itself and the digest before it: what was changed, moved or taken out shows at its line. */
import { Result, Schema } from "effect"
import { type TraceLine as Line, TraceLine, traceFormat } from "./format.ts"

/** SHA-256, or the beginning of it, hexadecimal: what state hashes are made with. */
export type Hash = (text: string) => string

/** The file is no trace that this version can read; `line` counts from 1. */
export class TraceUnreadable extends Schema.TaggedError<TraceUnreadable>()("TraceUnreadable", {
  line: Schema.Int,
  code: Schema.Literals(["not_a_trace", "newer_format", "older_format", "damaged", "truncated", "malformed"]),
  reason: Schema.String
}) {
  override get message() {
    return `line ${this.line}: ${this.reason}`
  }
}

/** Writes lines, the first to the last, each with its line feed. */
export const makeSealer = (hash: Hash) => {
  let digest = ""
  return (line: Line): string => {
    const text = JSON.stringify(line)
    digest = hash(digest + text)
    return `${text.slice(0, -1)},"digest":"${digest}"}\n`
  }
}

/** Reads them back: a header first, an end last, nothing behind it. Lines come without their line feeds. */
export const makeUnsealer = (hash: Hash) => {
  let digest = ""
  let line = 0
  let ended = false
  const unreadable = (code: TraceUnreadable["code"], reason: string) => new TraceUnreadable({ line, code, reason })
  const no = (code: TraceUnreadable["code"], reason: string) => Result.fail(unreadable(code, reason))

  const take = (text: string): Result.Result<Line, TraceUnreadable> => {
    line += 1
    if (line === 1) {
      const other = otherFormat(text)
      if (other !== null) return no(...other)
    }
    if (ended) return no("damaged", "there is more behind the end")
    const [, unsealed, seal] = sealed.exec(text) ?? []
    if (unsealed === undefined) return no("damaged", "the line has no digest: it was cut off or changed")
    const whole = `${unsealed}}`
    if (hash(digest + whole) !== seal)
      return no("damaged", "the digest does not fit: this line was changed, or one before it was taken out or moved")
    digest = seal!
    const parsed = Result.try(() => JSON.parse(whole) as unknown)
    if (Result.isFailure(parsed)) return no("malformed", "the line is not JSON")
    const decoded = decode(parsed.success)
    if (Result.isFailure(decoded)) return no("malformed", decoded.failure.message)
    const { type } = decoded.success
    if ((type === "header") !== (line === 1)) return no("malformed", `a ${type} does not belong here`)
    ended = type === "end"
    return Result.succeed(decoded.success)
  }

  return {
    take,
    /** At the line that was taken last. */
    no: unreadable,
    /** The number of the line that was taken last. */
    line: () => line,
    /** What is wrong when no more lines come; null when all is well. `open`: the last line lacked its line feed. */
    cut: (open: boolean): TraceUnreadable | null => {
      if (line === 0) return unreadable("not_a_trace", "there is no whole line in it")
      if (open) return unreadable(ended ? "damaged" : "truncated", "the file is cut off in the line after this one")
      return ended ? null : unreadable("truncated", "the file ends here, and the end of the trace is missing")
    }
  }
}

const sealed = /^(\{.*),"digest":"([0-9a-f]{16})"\}$/s

/** A field that this version does not know is left out, as in the log. The digest still covers it. */
const decode = Schema.decodeUnknownResult(TraceLine)

/** Before anything else is asked of a first line: the seals of another format may be others too. */
const otherFormat = (text: string): readonly [TraceUnreadable["code"], string] | null => {
  const found = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Struct({ format: Schema.Int })))(text)
  if (Result.isFailure(found)) return ["not_a_trace", "this is not the header of a trace"]
  const { format } = found.success
  if (format > traceFormat) return ["newer_format", `format ${format} is newer than this version of reprise, which knows ${traceFormat}`]
  if (format < traceFormat)
    return ["older_format", `format ${format} is read no longer; record it again (this version knows ${traceFormat})`]
  return null
}
