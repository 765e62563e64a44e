/** A fact as one line: when, where in the log, what, and those of its fields that a person asks for. */
import type { LoggedEvent } from "../../http/contract/events.ts"
import type { Paint } from "./colour.ts"
import { oneLine } from "./sanitise.ts"
import { clip, pad } from "./width.ts"

export const eventLine = (
  event: LoggedEvent,
  options: { readonly paint: Paint; readonly session: boolean; readonly width: number | undefined }
) => {
  const { paint } = options
  const time = event.at
    .replace("T", " ")
    .replace(/\.(\d{3})\d*Z$|Z$/, ".$1")
    .replace(/\.$/, "")
  const session = options.session ? `${event.session}  ` : ""
  const head = `${time}  ${session}${String(event.seq).padStart(5)}  ${pad(event.type, 18)}  `
  const fields = fieldsOf(event)
  const shown = options.width === undefined ? fields : clip(fields, Math.max(20, options.width - head.length))
  const named = (colours[event.type] ?? ((paint: Paint) => paint.cyan))(paint)
  return `${paint.dim(time)}  ${session}${String(event.seq).padStart(5)}  ${named(pad(event.type, 18))}  ${shown}`.trimEnd()
}

const colours: Readonly<Record<string, (paint: Paint) => (text: string) => string>> = {
  GaveUp: (paint) => paint.red,
  PromptRejected: (paint) => paint.red,
  PromptUncertain: (paint) => paint.yellow,
  PromptAnswered: (paint) => paint.green,
  HolderLost: (paint) => paint.red,
  InputFailed: (paint) => paint.red,
  LeftoversRemain: (paint) => paint.red,
  OutputDropped: (paint) => paint.yellow,
  ReadinessTimedOut: (paint) => paint.yellow,
  RelaunchScheduled: (paint) => paint.yellow,
  AgentReady: (paint) => paint.green,
  ProcessSpawned: (paint) => paint.green,
  Adopted: (paint) => paint.green
}

/** Bookkeeping: of use to the machine, and in `--json`. */
const silent: ReadonlySet<string> = new Set(["offset", "nonce", "holderSeq", "bootId", "jitterMs", "bootMs", "deadlines", "idleDeadline"])

const fieldsOf = (event: LoggedEvent): string => {
  if (event.type === "SessionCreated") return created(event.data)
  return Object.entries(event.data)
    .flatMap(([name, value]) => (silent.has(name) || value === null || repeats(event.data.cause, name) ? [] : [field(name, value)]))
    .join(" ")
}

/** The cause of an end says code and signal once more. */
const repeats = (cause: unknown, name: string) => isRecord(cause) && name !== "type" && name in cause

const created = (fields: LoggedEvent["data"]): string => {
  const spec = isRecord(fields.spec) ? fields.spec : {}
  return ["name", "provider", "command", "cwd"]
    .flatMap((name) => (spec[name] === undefined || spec[name] === null ? [] : [field(name, spec[name])]))
    .concat(field("by", fields.by))
    .join(" ")
}

const field = (name: string, value: unknown): string => {
  if (name === "deadline" && isRecord(value) && typeof value.wallMs === "number") return `due=${new Date(value.wallMs).toISOString()}`
  if (name === "process" && isRecord(value)) return `pid=${scalar(value.pid)}`
  if (name === "cause" && isRecord(value)) {
    const rest = Object.entries(value).flatMap(([key, each]) => (key === "type" || each === null ? [] : [field(key, each)]))
    return [`cause=${scalar(value.type)}`, ...rest].join(" ")
  }
  if (name === "prompt" && isRecord(value))
    return [
      `promptId=${scalar(value.id)}`,
      ...["bytes", "deliver", "from", "threadId"].flatMap((key) => (value[key] === null ? [] : [field(key, value[key])]))
    ].join(" ")
  if (name === "evidence" && isRecord(value)) return `${scalar(value.source)}: ${scalar(value.detail)}`
  if (name === "size" && isRecord(value)) return `size=${scalar(value.cols)}x${scalar(value.rows)}`
  return `${name}=${scalar(value)}`
}

const scalar = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  const clean = oneLine(text)
  return typeof value === "string" && (clean === "" || /[\s="]/.test(clean)) ? JSON.stringify(clean) : clean
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
