/** Whether an ended session comes back by itself, and when: a budget of attempts, growing waits, and a cap on any ten minutes. */
import type { EndCause, Fact } from "../facts.ts"
import { limits } from "../limits.ts"
import type { SessionContext } from "../session-context.ts"
import type { Keepalive } from "../spec.ts"
import { deadlineIn } from "../time.ts"
import { fact, type Situation } from "./verdict.ts"

/** No number of attempts mends these: a person has to change something first. */
const configuration: ReadonlySet<string> = new Set([
  "cwd_missing",
  "cwd_not_directory",
  "cwd_not_accessible",
  "executable_missing",
  "executable_not_executable",
  "preflight_failed",
  "ENOENT",
  "EACCES",
  "ENOEXEC",
  "E2BIG"
])

/** The facts that follow the end of a generation that no client asked to end. */
export const afterEnd = (situation: Situation, cause: EndCause): ReadonlyArray<Fact> => {
  const { context } = situation
  const { keepalive } = context.spec
  if (!wanted(keepalive, cause)) return []
  const giveUp = (reason: "budget_spent" | "auth" | "configuration", notice: string) => [
    fact("GaveUp", situation, { reason, attempts: context.attempts, notice })
  ]
  if (cause.type === "auth") return giveUp("auth", "needs login: the agent could not authenticate")
  if (cause.type === "launch_failed" && configuration.has(cause.code)) return giveUp("configuration", cause.message)
  if (context.attempts >= keepalive.maxAttempts)
    return giveUp("budget_spent", `ended ${context.attempts + 1} times without ${keepalive.healthyAfterMs} ms of health in between`)
  return [schedule(situation, cause)]
}

const wanted = ({ mode }: Keepalive, cause: EndCause): boolean =>
  cause.type !== "stopped" && mode !== "never" && (mode === "always" || cause.type !== "clean")

const schedule = (situation: Situation, cause: EndCause) => {
  const { context, now } = situation
  const attempt = context.attempts + 1
  const { delayMs: backoffMs, jitterMs } = backoff(context.spec.keepalive, attempt, now.random)
  const heldMs = Math.max(windowMs(context, now.bootMs), cause.type === "rate_limited" ? cause.until - now.wallMs : 0)
  const delayMs = Math.max(backoffMs, heldMs)
  return fact("RelaunchScheduled", situation, {
    attempt,
    delayMs,
    jitterMs: delayMs === backoffMs ? jitterMs : 0,
    reason: delayMs === backoffMs ? "backoff" : "window",
    deadline: deadlineIn(now, delayMs)
  })
}

/** `baseMs * factor^(attempt-1)`, capped; up to a tenth of it is added so that many sessions do not come back at one instant. */
export const backoff = (keepalive: Keepalive, attempt: number, random: number): { readonly delayMs: number; readonly jitterMs: number } => {
  const plainMs = Math.min(keepalive.capMs, Math.round(keepalive.baseMs * keepalive.factor ** (attempt - 1)))
  const jitterMs = Math.min(keepalive.capMs - plainMs, Math.floor(plainMs * 0.1 * random))
  return { delayMs: plainMs + jitterMs, jitterMs }
}

/** How long until one more relaunch fits into the window; 0 when it does. */
const windowMs = ({ relaunchedAt }: SessionContext, bootMs: number): number => {
  const recent = relaunchedAt.filter((at) => at > bootMs - limits.relaunchWindowMs)
  return recent.length < limits.relaunchesPerWindow
    ? 0
    : recent[recent.length - limits.relaunchesPerWindow]! + limits.relaunchWindowMs - bootMs
}

/** The backoff is over. */
export const relaunchDue = (situation: Situation): ReadonlyArray<Fact> => {
  const { attempts, spec } = situation.context
  return spec.keepalive.mode === "never"
    ? [fact("RelaunchCancelled", situation, { by: "reprise", reason: "keepalive is never" })]
    : [fact("RelaunchStarted", situation, { attempt: attempts, bootMs: situation.now.bootMs })]
}
