/** A session in words: its state in a column, what became of it in a sentence, everything about it as lines. */
import type { SessionView } from "../../domain/view.ts"
import type { Paint } from "./colour.ts"
import { answerHint, questionOf } from "./question-line.ts"
import { oneLine } from "./sanitise.ts"
import { bytes, span } from "./span.ts"

/** The phase where it says more than the state. */
export const stateOf = ({ phase, state }: SessionView): string => (plainPhases.has(phase) ? state : `${state}/${phase}`)
const plainPhases: ReadonlySet<string> = new Set(["running", "resting", "over"])

export const stateColour = ({ phase, state }: SessionView, paint: Paint): ((text: string) => string) => {
  if (phase === "given_up") return paint.red
  if (state === "streaming") return paint.green
  return state === "starting" || state === "resuming" || phase === "backing_off" ? paint.yellow : paint.dim
}

export const activityColour = ({ activity }: SessionView, paint: Paint): ((text: string) => string) => {
  if (activity === "waiting") return paint.yellow
  return activity === "working" || activity === "compacting" ? paint.cyan : paint.dim
}

/** argv as one could type it. */
export const commandOf = (words: ReadonlyArray<string>): string =>
  words.map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : `'${oneLine(word).replaceAll("'", "'\\''")}'`)).join(" ")

/** `stopped by cli`, `exit 7`, `signal SIGKILL`; nothing while it lives. */
export const endOf = ({ exit }: SessionView): string | undefined => {
  if (exit === null) return undefined
  const how = exit.signal !== null ? `signal ${exit.signal}` : exit.code !== null ? `exit ${exit.code}` : undefined
  const detail = oneLine(exit.detail ?? "").replace(/[:\s]+$/, "")
  const cause = detail === "" ? exit.cause : `${exit.cause}${exit.cause === "stopped" ? " " : ": "}${detail}`
  return how === undefined ? cause : `${cause}, ${how}`
}

/** One line that says where the session stands. */
export const sentence = (session: SessionView, now: number): string => {
  const name = session.name === null ? "" : ` (${oneLine(session.name)})`
  const process = session.process === null ? "" : `, pid ${session.process.pid}`
  const end = session.state === "ended" || session.state === "terminated" ? endOf(session) : undefined
  const relaunch = session.relaunch === null ? "" : `, relaunch ${session.relaunch.attempt} ${until(session.relaunch.at, now)}`
  const stop = session.stop === null ? "" : `, stop ${session.stop.step.replace("_", " ")}`
  const notice = session.notice === null ? "" : `; ${oneLine(session.notice)}`
  const asks = session.question === null ? "" : `; it asks ${questionOf(session.question)}: ${answerHint(session.id, session.question)}`
  const stopped = session.suspended === null ? "" : `; it is stopped: reprise continue ${session.id}`
  return `${session.id}${name} ${stateOf(session)}${process}${end === undefined ? "" : ` (${end})`}${stop}${relaunch}${notice}${stopped}${asks}`
}

/** Names and values, for a person to read. */
export const described = (session: SessionView, now: number): ReadonlyArray<readonly [string, string]> => {
  const lines: Array<readonly [string, string | undefined]> = [
    ["id", session.id],
    ["name", session.name === null ? undefined : oneLine(session.name)],
    ["state", stateOf(session)],
    ["activity", activityOf(session)],
    ["suspended", session.suspended === null ? undefined : `since ${session.suspended.at}; go on: reprise continue ${session.id}`],
    ["typing", typingOf(session)],
    ["question", session.question === null ? undefined : questionOf(session.question)],
    ["answer it", session.question === null ? undefined : answerHint(session.id, session.question)],
    ["blocked", blockedOf(session)],
    ["it reports", reportOf(session, now)],
    ["abandoned", abandonedOf(session, now)],
    ["process", session.process === null ? undefined : `pid ${session.process.pid}, up ${since(session.process.startedAt, now)}`],
    ["stop", session.stop === null ? undefined : `${session.stop.step}, by ${oneLine(session.stop.by)}${reasonOf(session.stop.reason)}`],
    ["last end", session.exit === null ? undefined : `${endOf(session)}, ${since(session.exit.at, now)} ago`],
    ["relaunch", session.relaunch === null ? undefined : `attempt ${session.relaunch.attempt} ${until(session.relaunch.at, now)}`],
    ["notice", session.notice === null ? undefined : oneLine(session.notice)],
    ["leftovers", session.leftovers.map(({ command, pid }) => `${pid} ${oneLine(command)}`).join(", ") || undefined],
    ["command", commandOf(session.command)],
    ["directory", oneLine(session.cwd)],
    ["provider", oneLine(session.provider)],
    [
      "labels",
      Object.entries(session.labels)
        .map(([key, value]) => oneLine(`${key}=${value}`))
        .join(" ") || undefined
    ],
    ["keepalive", keepaliveOf(session)],
    ["stopping", session.stopping.ladder.map((rung) => rung.step).join(" → ")],
    ["idle stop", session.idleStopMs === null ? undefined : `after ${span(session.idleStopMs)} without a client attached`],
    ["size", `${session.size.cols}×${session.size.rows}`],
    ["output", bytes(session.outputOffset)],
    ["generation", String(session.generation)],
    ["clients", session.clients === 0 ? undefined : String(session.clients)],
    ["queued", session.prompts.queued === 0 ? undefined : `${session.prompts.queued} prompts`],
    ["model", session.model === null ? undefined : oneLine(session.model)],
    ["tokens", usageOf(session)],
    ["conversation", conversationOf(session)],
    ["unknown", session.unknownMessages.length === 0 ? undefined : `messages of kinds ${oneLine(session.unknownMessages.join(", "))}`],
    ["forked from", lineageOf(session)],
    ["environment", session.env.join(" ") || undefined],
    ["created", `${session.createdAt} (${since(session.createdAt, now)} ago)`],
    ["last fact", `${session.seq}, ${since(session.updatedAt, now)} ago`]
  ]
  return lines.flatMap(([key, value]) => (value === undefined || value === "" ? [] : [[key, value] as const]))
}

const activityOf = ({ activity, evidence }: SessionView): string | undefined => {
  if (activity === null) return undefined
  return evidence === null || evidence.source === "none" ? activity : `${activity} (by its ${evidence.source})`
}

const typingOf = ({ typing }: SessionView): string | undefined => {
  if (typing === null) return undefined
  const text = typing.promptId === null ? `text by ${oneLine(typing.by)}` : `the text of prompt ${oneLine(typing.promptId)}`
  return `${text} that was not sent; prompts wait`
}

const blockedOf = ({ blocked }: SessionView): string | undefined =>
  blocked === null
    ? undefined
    : oneLine([blocked.cause, blocked.until === null ? [] : `until ${blocked.until}`, blocked.detail].flat().join(", "))

const reportOf = ({ report }: SessionView, now: number): string | undefined => {
  if (report === null) return undefined
  const { at, blocker, needsInput, phase, task, threadId } = report
  const named = Object.entries({ phase, task, blocker, thread: threadId }).flatMap(([name, word]) =>
    word === null ? [] : [`${name} ${word}`]
  )
  return oneLine([...named, ...(needsInput ? ["needs a person"] : []), `${since(at, now)} ago`].join(", "))
}

const abandonedOf = ({ abandoned, id }: SessionView, now: number): string | undefined => {
  if (abandoned === null) return undefined
  const turn = `a turn of generation ${abandoned.generation}, ${since(abandoned.at, now)} ago`
  return abandoned.prompt === null ? turn : `${turn}; go on: reprise prompts ${id} --continue ${oneLine(abandoned.prompt)}`
}

const usageOf = ({ usage }: SessionView): string | undefined =>
  usage === null
    ? undefined
    : `${usage.inputTokens} in, ${usage.outputTokens} out, ${usage.cacheReadTokens} from the cache, ${usage.cacheWriteTokens} into it`

const conversationOf = ({ conversation }: SessionView): string | undefined => {
  if (conversation === null || conversation.id === null) return undefined
  const replaces = conversation.replaces === null ? "" : `, in place of ${conversation.replaces}`
  return oneLine(`${conversation.id}${replaces}${conversation.transcript === null ? "" : ` in ${conversation.transcript}`}`)
}

const lineageOf = ({ lineage }: SessionView): string | undefined => {
  if (lineage === null) return undefined
  const place = lineage.atMessage === null ? `at ${lineage.seq}` : `at message ${lineage.atMessage}`
  return oneLine(`${lineage.parent} ${place}${lineage.degraded === null ? "" : `, a new conversation: ${lineage.degraded}`}`)
}

const keepaliveOf = ({ keepalive }: SessionView): string =>
  keepalive.mode === "never"
    ? "never"
    : `${keepalive.mode}, ${keepalive.maxAttempts} attempts, waiting ${span(keepalive.baseMs)} up to ${span(keepalive.capMs)}`

const reasonOf = (reason: string) => (reason === "" ? "" : `: ${oneLine(reason)}`)
const since = (iso: string, now: number): string => span(Math.max(0, now - Date.parse(iso)))
const until = (iso: string, now: number): string => (Date.parse(iso) <= now ? "now" : `in ${span(Date.parse(iso) - now)}`)
