/** A launch before its process: whether it may be, and everything that it consists of, put in place. */
import { Effect, Schedule } from "effect"
import { parentOf } from "../domain/decide/conversation.ts"
import type { Beginning } from "../domain/facts.ts"
import type { Report } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import { agentOf } from "../domain/providers/index.ts"
import { launchPlan } from "../domain/providers/launch-plan.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { AgentFiles } from "../infra/agents/agent-files.ts"
import { Transcripts } from "../infra/evidence/transcripts.ts"
import { HookProgram } from "../infra/hook/hook-program.ts"
import { type LaunchOrder, type LaunchRef, Runtime } from "../infra/runtimes/runtime.ts"
import { Secrets } from "../infra/secrets.ts"
import type { Leases } from "./leases.ts"

/** The conversation that the next launch would go on with; null where it begins one. */
const awaited = ({ beginning, conversation }: SessionContext): string | null =>
  conversation?.id ?? (beginning?.kind === "resume" ? beginning.id : null)

/** Nothing is launched by it: the directory, the program and the conversation are looked at, and the conversation is taken. */
export const prepare = Effect.fn("prepare")(function* (id: string, context: SessionContext, leases: Leases) {
  const runtime = yield* Runtime
  const secrets = yield* Secrets
  const { find } = yield* Transcripts
  const { generation, spec } = context
  const failed = (code: string, message: string): Report => ({ type: "PrepareFailed", generation, code, message })
  return yield* Effect.gen(function* () {
    const environment = yield* secrets.environment(id)
    const found = runtime.preflight(spec.command[0], spec.cwd, environment.PATH ?? "")
    // It ran before: a package manager may be replacing it.
    const { executable } = yield* generation === 1
      ? found
      : Effect.retry(found, {
          schedule: Schedule.spaced(limits.launchAgainEveryMs),
          times: limits.launchAgainMs / limits.launchAgainEveryMs,
          while: ({ reasons }) => reasons.every(({ code, field }) => field === "command" && code !== "path_silent")
        })
    const conversation = awaited(context)
    const holder = leases.claim(id, spec.provider, conversation)
    if (holder !== null) return failed("conversation_in_use", `session ${holder} has the conversation ${conversation}`)
    const { transcript } = agentOf(context).evidence
    const history = conversation === null || transcript === null ? null : find(transcript, { conversation, cwd: spec.cwd, environment })
    const prepared: Report = { type: "Prepared", generation, executable, ...(history?.problem === null ? { history: true } : {}) }
    return prepared
  }).pipe(
    Effect.catchTags({
      PreflightFailed: ({ reasons }) =>
        Effect.succeed(failed(reasons[0]?.code ?? "preflight_failed", reasons.map(({ message }) => message).join("; "))),
      SecretsFailure: ({ code }) =>
        Effect.succeed(failed("environment_unreadable", `environment.json of the session cannot be read: ${code}`))
    })
  )
})

/** The files of the agent's hooks are written by it, again for each launch. */
export const orderOf = Effect.fn("orderOf")(function* (ref: LaunchRef, executable: string, context: SessionContext) {
  const secrets = yield* Secrets
  const files = yield* AgentFiles
  const hook = yield* HookProgram
  const { spec } = context
  const { cwd, size, stop } = spec
  const agent = agentOf(context)
  const kept = yield* secrets.environment(ref.session)
  // The session's own, under a name that sockets fit behind.
  const isOwn = kept.TMPDIR === `${files.directoryOf(ref.session)}/tmp`
  const env = isOwn ? { ...kept, TMPDIR: yield* files.temporary(ref.session) } : kept
  const order = {
    ...ref,
    executable,
    cwd,
    size,
    ladder: stop.ladder,
    outputRetentionBytes: limits.outputRetentionBytes
  }
  // Any program may report of itself, so every launch is given the way to its daemon.
  const way = hook.environment(ref.session, ref.generation)
  if (spec.programWords === undefined) return { ...order, command: spec.command, env: { ...env, ...way } } satisfies LaunchOrder
  const planned = launchPlan(agent, {
    command: spec.command.slice(0, spec.programWords) as unknown as LaunchOrder["command"],
    args: spec.command.slice(spec.programWords),
    conversation: beginningOf(context),
    directory: files.directoryOf(ref.session),
    hook: yield* hook.command
  })
  yield* files.place(ref.session, planned.files, planned.directories)
  return { ...order, command: planned.command, env: { ...env, ...way } } satisfies LaunchOrder
})

/** As the intent of this launch says. A fork repeats what the session was made to begin with. */
const beginningOf = (context: SessionContext): Beginning => {
  const { conversation } = context
  return { kind: conversation?.kind ?? "fresh", id: conversation?.id ?? null, parent: parentOf(context) }
}
