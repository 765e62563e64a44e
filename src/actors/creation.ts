/** From a request to a specification: every default filled in, every reason against it found before anything is made. */
import { Effect } from "effect"
import type { Beginnings } from "../domain/decide/index.ts"
import { childEnvironment, type Environment } from "../domain/environment.ts"
import type { Prompt } from "../domain/facts.ts"
import { agentOf, isBuiltIn } from "../domain/providers/index.ts"
import { launchEnvironment } from "../domain/providers/launch-environment.ts"
import type { Provider } from "../domain/providers/provider.ts"
import type { SessionContext } from "../domain/session-context.ts"
import type { CreateRequest, Spec } from "../domain/spec.ts"
import { AgentFiles } from "../infra/agents/agent-files.ts"
import { Providers } from "../infra/providers/providers.ts"
import { PreflightFailed, Runtime } from "../infra/runtimes/runtime.ts"
import { Secrets } from "../infra/secrets.ts"
import { type ForkRequest, InvalidRequest } from "./sessions.ts"
import { isCommand } from "./typed-text.ts"

export interface Planned {
  readonly spec: Spec
  readonly environment: Environment
  readonly beginnings: Beginnings
}

/** Nothing is left on disk, whatever the answer. `id`: of the session that is to be. */
export const plan = Effect.fn("plan")(function* (id: string, request: CreateRequest, own: Readonly<Record<string, string | undefined>>) {
  const runtime = yield* Runtime
  const { directoryOf } = yield* AgentFiles
  const provider = yield* providerOf(request.provider)
  const program = request.command ?? provider.command
  if (program === null) return yield* new InvalidRequest({ field: "command", message: `required by the provider ${provider.id}` })
  const beginning = yield* resumedBy(request, provider)
  const environment = childEnvironment(own, launchEnvironment(provider, request.env, directoryOf(id)))
  yield* runtime.preflight(program[0], request.cwd, environment.PATH ?? "").pipe(Effect.mapError(withInstallation(provider)))
  const adds = provider.launch.args.length > 0 || provider.conversation !== null
  const spec: Spec = {
    provider: provider.id,
    command: [...program, ...request.args] as unknown as Spec["command"],
    ...(adds ? { programWords: program.length } : {}),
    cwd: request.cwd,
    env: yield* fingerprint(environment),
    name: request.name ?? null,
    labels: request.labels,
    size: request.size,
    runtime: request.runtime,
    keepalive: request.keepalive ?? provider.keepalive,
    stop: request.stop ?? { ladder: provider.ladder },
    readyTimeoutMs: request.readyTimeoutMs,
    idleStopMs: request.idleStopMs ?? null,
    ...(request.trustFolder ? { trustFolder: true as const } : {})
  }
  const beginnings: Beginnings = {
    ...(beginning === undefined ? {} : { beginning }),
    ...(isBuiltIn(provider) ? {} : { provider })
  }
  return { spec, environment, beginnings } satisfies Planned
})

/** Like its parent in everything that is not asked to differ. `inherited`: the parent's environment. */
export const planFork = Effect.fn("planFork")(function* (
  id: string,
  parent: SessionContext,
  inherited: Environment,
  { labels, name }: ForkRequest,
  beginnings: Beginnings
) {
  const runtime = yield* Runtime
  const { directoryOf } = yield* AgentFiles
  const agent = agentOf(parent)
  const asked = Object.fromEntries(Object.entries(inherited).filter(([variable]) => !Object.hasOwn(agent.launch.env, variable)))
  const environment = launchEnvironment(agent, asked, directoryOf(id))
  yield* runtime.preflight(parent.spec.command[0], parent.spec.cwd, environment.PATH ?? "")
  const env = yield* fingerprint(environment)
  const spec: Spec = { ...parent.spec, env, name: name ?? null, labels: labels ?? parent.spec.labels }
  return {
    spec,
    environment,
    beginnings: { ...beginnings, ...(parent.provider === null ? {} : { provider: parent.provider }) }
  } satisfies Planned
})

/** The first prompt of a session that is being made. */
export const firstPrompt = ({ beginnings, spec }: Planned, hash: string, text: string): Prompt => ({
  id: "first",
  hash,
  bytes: Buffer.byteLength(text),
  ...(isCommand({ provider: beginnings.provider ?? null, spec }, text) ? { command: true } : {}),
  deliver: "turn_boundary",
  onUncertain: "report",
  from: null,
  replyTo: null,
  threadId: null,
  replyExpected: false,
  expires: null
})

/** Names sorted, values hashed under the key of this home: enough to see a change, nothing to guess from. */
export const fingerprint = Effect.fnUntraced(function* (environment: Environment) {
  const secrets = yield* Secrets
  const names = Object.keys(environment).toSorted()
  return { names, hash: secrets.hash(JSON.stringify(names.map((name) => [name, environment[name]]))) }
})

/** Where the agent is not installed, the refusal says how to install it. */
const withInstallation =
  ({ install, title }: Provider) =>
  ({ reasons }: PreflightFailed) =>
    new PreflightFailed({
      reasons: reasons.map((reason) =>
        install !== null && reason.code === "executable_missing"
          ? { ...reason, message: `${reason.message}; ${title} is installed by: ${install}` }
          : reason
      )
    })

const providerOf = Effect.fnUntraced(function* (id: string) {
  const { all, get } = yield* Providers
  const provider = get(id)
  if (provider !== undefined) return provider
  return yield* new InvalidRequest({ field: "provider", message: `one of: ${all.map((one) => one.id).join(", ")}` })
})

const resumedBy = Effect.fnUntraced(function* ({ conversation }: CreateRequest, provider: Provider) {
  if (conversation === undefined) return undefined
  if (provider.conversation === null)
    return yield* new InvalidRequest({ field: "conversation", message: `the provider ${provider.id} knows no conversations` })
  return { kind: "resume" as const, id: conversation, parent: null }
})
