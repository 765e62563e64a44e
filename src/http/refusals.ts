/** Every typed failure of the inner layers has one problem it becomes at the edge. */
import type { Unfoldable } from "../actors/fold.ts"
import type { NoSuchPlace } from "../actors/past.ts"
import type {
  ConversationInUse,
  ConversationUnreadable,
  HookRefused,
  IdempotencyMismatch,
  InputNotWritten,
  InvalidRequest,
  MessageNotFound,
  OverCapacity,
  PreconditionFailed,
  PromptNotFound,
  Quarantined,
  Refused,
  SessionNotFound
} from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import { whyUnreadable } from "../domain/unreadable.ts"
import type { StoreFailure } from "../infra/log/event-store.ts"
import type { HolderUnavailable, PreflightFailed } from "../infra/runtimes/runtime.ts"
import type { ScreenUnavailable } from "../infra/screens/emulators.ts"
import { Problem, problem } from "./problems.ts"

export type InnerFailure =
  | Refused
  | SessionNotFound
  | PromptNotFound
  | PreconditionFailed
  | OverCapacity
  | Quarantined
  | IdempotencyMismatch
  | InvalidRequest
  | ConversationInUse
  | MessageNotFound
  | ConversationUnreadable
  | HookRefused
  | InputNotWritten
  | PreflightFailed
  | HolderUnavailable
  | StoreFailure
  | ScreenUnavailable
  | NoSuchPlace
  | Unfoldable

/** What a full mailbox needs to empty itself. */
const busyMs = 1_000

export const toProblem = (failure: InnerFailure | Problem): Problem => {
  if (failure instanceof Problem) return failure
  switch (failure._tag) {
    case "Refused": {
      const { allowed, code, detail, seq, session, state } = failure
      return problem("refused", detail, { as: code, session, seq, state, allowed })
    }
    case "SessionNotFound":
      return problem("session_not_found", `no session ${failure.session}`, { session: failure.session })
    case "PromptNotFound":
      return problem("prompt_not_found", `session ${failure.session} was never given a prompt ${failure.prompt}`, {
        session: failure.session
      })
    case "PreconditionFailed":
      return problem("precondition_failed", `the session's seq is ${failure.seq}, not ${failure.expected}`, {
        session: failure.session,
        seq: failure.seq
      })
    case "OverCapacity":
      return problem("over_capacity", `${failure.limit} is limited to ${failure.maximum}`, {
        limit: failure.limit,
        maximum: failure.maximum,
        retryAfterMs: busyMs
      })
    case "Quarantined":
      return problem("quarantined", failure.reason, { session: failure.session })
    case "IdempotencyMismatch":
      return problem("idempotency_mismatch", "this Idempotency-Key came with another request before")
    case "InvalidRequest":
      return problem("invalid_request", `${failure.field}: ${failure.message}`, {
        errors: [{ field: failure.field, message: failure.message }]
      })
    case "ConversationInUse":
      return problem("refused", `session ${failure.holder} has the conversation ${failure.conversation}`, {
        as: "conversation_in_use",
        session: failure.holder
      })
    case "MessageNotFound":
      return problem("message_not_found", `the conversation has no message ${failure.message}`, { session: failure.session })
    case "ConversationUnreadable":
      return problem("conversation_unreadable", `the conversation's file ${failure.path} ${whyUnreadable(failure.code)}`, {
        session: failure.session,
        reason: failure.code
      })
    case "HookRefused":
      return problem("unauthorized", "the token is not that of this session and generation", { session: failure.session })
    case "InputNotWritten":
      return problem(failure.why ?? failure.code, failure.detail ?? inputDetails[failure.why ?? failure.code], { session: failure.session })
    case "PreflightFailed":
      return problem("preflight_failed", failure.reasons.map(({ message }) => message).join("; "), { errors: failure.reasons })
    case "HolderUnavailable":
      return problem("holder_unavailable", failure.message)
    case "ScreenUnavailable":
      return problem("screen_unavailable", screenDetails[failure.reason], { session: failure.session, retryAfterMs: failure.retryAfterMs })
    case "StoreFailure":
      return storeProblem(failure)
    case "NoSuchPlace":
      return problem(failure.side === "ahead" ? "at_ahead" : "at_before_first", failure.detail, {
        session: failure.session,
        head: failure.head
      })
    case "Unfoldable":
      return problem("quarantined", `fact ${failure.seq}: ${failure.reason}`, { session: failure.session, seq: failure.seq })
  }
}

const inputDetails = {
  not_written: "the terminal took nothing of it: send it again, under another Idempotency-Key where it had one",
  uncertain: "the connection to the terminal broke while it was being written",
  line_too_long: `the terminal reads lines, and keeps ${limits.canonicalLineBytes} bytes of one: nothing was typed; send shorter lines`,
  echo_off: "the terminal echoes nothing now: it may be asking for a password; nothing was typed",
  suspended: "the agent's process is stopped (SIGTSTP, SIGSTOP): nothing was typed; continue it first"
} as const

const screenDetails = {
  cost: "what the agent prints takes too long to draw; its raw output is there",
  fault: "what the agent prints could not be drawn; its raw output is there",
  lost: "the screens' thread was replaced; ask again"
} as const

const full: ReadonlySet<string> = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT"])

const storeProblem = ({ cause, code, operation, outcome }: StoreFailure): Problem => {
  // It says which file, and what to do.
  if (code.startsWith("LOG_") && outcome === "absent") return problem("log_unavailable", (cause as Error).message)
  if (full.has(code)) return problem("storage_full", "the disk is full; nothing was recorded")
  if (outcome === "unknown") return problem("outcome_unknown", "repeat the request with the same Idempotency-Key to find out")
  return problem("log_unavailable", `${operation} failed with ${code}; nothing was recorded`, { retryAfterMs: busyMs })
}
