/** The agent's own transcript, read on from where the log says it was read to: what was used, which prompt it took, how turns ended. */
import { Clock, Effect, Option, Stream } from "effect"
import type { InputOf } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import type { CountedCall, Observation, Usage } from "../domain/observations.ts"
import { bounded, saturated } from "../domain/providers/bounded.ts"
import { readTranscript, type TranscriptKind, writtenAt } from "../domain/providers/transcripts/index.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { Evidence } from "../infra/evidence/evidence.ts"
import { type Found, Transcripts } from "../infra/evidence/transcripts.ts"
import { Secrets } from "../infra/secrets.ts"
import { makeNews } from "./news.ts"
import { reportsOf } from "./observing.ts"
import type { Witnessing } from "./witnesses.ts"

/** A conversation can change under a running agent (`/clear`, `/resume`): then its new file is read instead. */
export const witnessTranscript = Effect.fnUntraced(function* (witnessing: Witnessing, kind: TranscriptKind) {
  const { context, generation, news, tell } = witnessing
  const told = () => context().conversation?.transcript ?? null
  const movedFrom = (before: string | null): Effect.Effect<void> =>
    Effect.suspend(() => (told() !== null && told() !== before ? Effect.void : Effect.andThen(news.next, movedFrom(before))))
  for (;;) {
    const before = told()
    const found = yield* located(witnessing, kind)
    if (found === null) yield* news.next
    else if (found.problem === null) yield* Effect.raceFirst(readOn(witnessing, kind, found.path), movedFrom(before))
    else {
      tell({ type: "TranscriptRefused", generation, path: found.path, code: found.problem })
      yield* Effect.raceFirst(news.next, Effect.sleep(limits.filePollMs))
    }
  }
})

/** Where the agent says it is, as far as its provider keeps conversations there; else where its provider keeps it. */
const located = Effect.fnUntraced(function* ({ context, session }: Witnessing, kind: TranscriptKind) {
  const { conversation, spec } = context()
  if (conversation === null || conversation.id === null) return null
  const { admit, find } = yield* Transcripts
  const environment = yield* Effect.option((yield* Secrets).environment(session))
  return Option.match(environment, {
    onNone: (): Found | null => null,
    onSome: (environment) => {
      const told = conversation.transcript === null ? null : admit(kind, conversation.transcript, environment)
      return told !== null ? { path: told, problem: null } : find(kind, { conversation: conversation.id!, cwd: spec.cwd, environment })
    }
  })
})

const readOn = Effect.fnUntraced(function* (witnessing: Witnessing, kind: TranscriptKind, path: string) {
  const { context, generation, recognise, tell } = witnessing
  const { transcript } = yield* Evidence
  const { sizeOf } = yield* Transcripts
  const known = context().transcript
  let call = known?.path === path ? known.call : null
  let pending: Advanced | null = null
  let isNew = makeIsNew(repeats(context()))
  const news = makeNews()
  /** Agents write line by line: what was read is reported together, a moment later. */
  const flush = Effect.gen(function* () {
    yield* Effect.andThen(news.next, Effect.sleep(togetherMs))
    if (pending !== null) tell(pending)
    pending = null
  })
  yield* Effect.forkScoped(Effect.forever(flush))
  // What was said before the session took the conversation up was not used by it.
  const from = known?.path === path ? known.offset : context().conversation?.kind === "resume" ? (sizeOf(path) ?? 0) : 0
  yield* Stream.runForEach(transcript(path, from), (tailed) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (tailed._tag === "Restarted") {
        call = null
        isNew = makeIsNew(now)
        pending = advanced({ generation, path }, null, { from: 0, to: 0, lines: 0, restarted: true, ...sum([], null) })
        return
      }
      if (tailed._tag === "Unreadable") {
        tell({ type: "TranscriptRefused", generation, path, code: tailed.code })
        return
      }
      const lines = tailed._tag === "Lines" ? tailed.lines : []
      const observations = lines
        .filter(isNew)
        .flatMap((line) => readTranscript(kind, line))
        .flatMap((observed) => bounded(observed) ?? [])
      for (const report of reportsOf({ generation, source: "transcript", recognise }, observations)) tell(report)
      const counted = sum(observations, call)
      call = counted.call
      pending = advanced({ generation, path }, pending, { from: tailed.from, to: tailed.to, lines: lines.length, ...counted })
      news.publish()
    })
  )
})

const togetherMs = 300

type Advanced = InputOf<"TranscriptAdvanced">

interface Piece {
  readonly from: number
  readonly to: number
  readonly lines: number
  readonly model: string | null
  readonly usage: Usage
  readonly call: CountedCall | null
  readonly restarted?: boolean
}

const advanced = (where: Pick<Advanced, "generation" | "path">, before: Advanced | null, piece: Piece): Advanced => ({
  type: "TranscriptAdvanced",
  ...where,
  from: before?.from ?? piece.from,
  to: piece.to,
  lines: (before?.lines ?? 0) + piece.lines,
  model: piece.model ?? before?.model ?? null,
  usage: before === null ? piece.usage : plus(before.usage, piece.usage, 1),
  ...(piece.call === null ? {} : { call: piece.call }),
  ...(before?.restarted || piece.restarted ? { restarted: true } : {})
})

/** A branch, or a file that was written again, repeats what was reported before: lines of an earlier time are no news. */
const makeIsNew = (sinceMs: number) => (line: string) => sinceMs === 0 || (writtenAt(line) ?? sinceMs) >= sinceMs

const repeats = ({ conversation, process }: SessionContext) => (conversation?.kind === "fork" ? (process?.startedAt ?? 0) : 0)

/** A call that is reported again adds what it has used since. */
const sum = (observations: ReadonlyArray<Observation>, before: CountedCall | null) => {
  let call = before
  let model: string | null = null
  let usage = nothing
  for (const observed of observations) {
    if (observed.type !== "Used") continue
    model = observed.model ?? model
    usage = plus(usage, observed.usage, 1)
    if (call !== null && call.id === observed.call) usage = plus(usage, call.usage, -1)
    call = observed.call === null ? null : { id: observed.call, usage: observed.usage }
  }
  return { call, model, usage }
}

const nothing: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }
const plus = (a: Usage, b: Usage, sign: 1 | -1): Usage =>
  saturated({
    inputTokens: a.inputTokens + sign * b.inputTokens,
    outputTokens: a.outputTokens + sign * b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + sign * b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + sign * b.cacheWriteTokens
  })
