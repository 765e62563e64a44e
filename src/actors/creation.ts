/** From a request to a specification: every default filled in, every reason against it found before anything is made. */
import { Effect } from "effect"
import { childEnvironment, type Environment } from "../domain/environment.ts"
import { providers } from "../domain/providers/index.ts"
import type { CreateRequest, Spec } from "../domain/spec.ts"
import { Runtime } from "../infra/runtimes/runtime.ts"
import { Secrets } from "../infra/secrets.ts"
import { InvalidRequest } from "./sessions.ts"

export interface Planned {
  readonly spec: Spec
  readonly environment: Environment
}

/** Nothing is left on disk, whatever the answer. */
export const plan = Effect.fn("plan")(function* (request: CreateRequest, own: Readonly<Record<string, string | undefined>>) {
  const runtime = yield* Runtime
  const secrets = yield* Secrets
  const provider = providers.get(request.provider)
  if (provider === undefined)
    return yield* new InvalidRequest({ field: "provider", message: `one of: ${[...providers.keys()].join(", ")}` })
  const command = request.command ?? provider.command
  if (command === null) return yield* new InvalidRequest({ field: "command", message: `required by the provider ${provider.id}` })
  const environment = childEnvironment(own, request.env)
  yield* runtime.preflight(command[0], request.cwd, environment.PATH ?? "")
  const names = Object.keys(environment).toSorted()
  const spec: Spec = {
    provider: provider.id,
    command: [...command, ...request.args] as unknown as Spec["command"],
    cwd: request.cwd,
    env: { names, hash: secrets.hash(JSON.stringify(names.map((name) => [name, environment[name]]))) },
    name: request.name ?? null,
    labels: request.labels,
    size: request.size,
    runtime: request.runtime,
    keepalive: request.keepalive ?? provider.keepalive,
    stop: request.stop ?? { ladder: provider.ladder },
    readyTimeoutMs: request.readyTimeoutMs,
    idleStopMs: request.idleStopMs ?? null
  }
  return { spec, environment } satisfies Planned
})
