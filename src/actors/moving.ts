/** A session that goes on elsewhere: its directory, its program or its environment, changed between two launches. */
import { basename, dirname } from "node:path"
import { Effect } from "effect"
import type { Environment } from "../domain/environment.ts"
import { limits } from "../domain/limits.ts"
import type { PatchRequest, Spec, SpecChanges } from "../domain/spec.ts"
import { EventReader, StoreFailure } from "../infra/log/event-store.ts"
import { Runtime } from "../infra/runtimes/runtime.ts"
import { Secrets } from "../infra/secrets.ts"
import { fingerprint } from "./creation.ts"
import type { Residents } from "./residents.ts"
import type { Asking, Sessions } from "./sessions.ts"

interface Asked extends Pick<Sessions["Service"], "send"> {
  readonly actor: Residents["actor"]
}

export const makeMoving = Effect.fn("makeMoving")(function* ({ actor, send }: Asked) {
  const runtime = yield* Runtime
  const secrets = yield* Secrets
  const log = yield* EventReader

  /** Folders in which earlier launches found the program, the newest first. */
  const earlierFolders = Effect.fnUntraced(function* (id: string, program: string) {
    const launches = yield* log.ofType(id, "LaunchIntended", { after: 0, limit: limits.launchesSearched })
    const executables = launches.map(({ data }) => String(data.executable)).filter((path) => basename(path) === program)
    return [...new Set(executables.map(dirname).toReversed())]
  })

  const readable = <A>(run: Effect.Effect<A, { readonly code: string }>) =>
    Effect.mapError(run, (cause) => new StoreFailure({ operation: "change the environment", code: cause.code, outcome: "absent", cause }))

  /** Null where the environment stays. */
  const changed = Effect.fnUntraced(function* (id: string, before: Environment, spec: Spec, { env, pathIfMissing }: PatchRequest) {
    const after = { ...before, ...env }
    const unmoved = env === undefined ? null : after
    if (pathIfMissing === undefined || env?.PATH !== undefined) return unmoved
    const program = spec.command[0]
    // A path that does not answer says nothing of where the program is: the patch is refused, and nothing is changed.
    const isOn = (path: string) =>
      runtime.preflight(program, spec.cwd, path).pipe(
        Effect.as(true),
        Effect.catchTag("PreflightFailed", (failed) =>
          failed.reasons.some(({ code }) => code === "path_silent") ? Effect.fail(failed) : Effect.succeed(false)
        )
      )
    if (yield* isOn(after.PATH ?? "")) return unmoved
    if (yield* isOn(pathIfMissing)) return { ...after, PATH: pathIfMissing }
    for (const folder of program.includes("/") ? [] : yield* earlierFolders(id, program)) {
      const path = `${pathIfMissing}:${folder}`
      if (yield* isOn(path)) return { ...after, PATH: path }
    }
    return unmoved
  })

  return {
    patch: Effect.fn("Sessions.patch")(function* (id: string, request: PatchRequest, asking: Asking) {
      const { command, env, pathIfMissing, ...plain } = request
      const by = asking.by
      if (command === undefined && env === undefined && pathIfMissing === undefined)
        return yield* send(id, { type: "Patch", changes: plain, by }, asking)
      const found = yield* actor(id)
      const { spec } = found.session().context
      const moved: SpecChanges = { ...plain, ...(command === undefined ? {} : commandOf(spec, command)) }
      // Its environment was erased: the machine refuses the patch.
      if (found.view().state === "terminated") return yield* send(id, { type: "Patch", changes: { ...moved, cwd: spec.cwd }, by }, asking)
      const before = yield* readable(secrets.environment(id))
      const after = yield* changed(id, before, { ...spec, ...moved }, request)
      if (after === null) return yield* send(id, { type: "Patch", changes: moved, by }, asking)
      // Beside the log and before it, as at a create: what the log names can be launched.
      yield* readable(secrets.keep(id, after))
      const changes = { ...moved, env: yield* fingerprint(after).pipe(Effect.provideService(Secrets, secrets)) }
      return yield* send(id, { type: "Patch", changes, by }, asking).pipe(Effect.tapError(() => Effect.ignore(secrets.keep(id, before))))
    })
  }
})

/** The words behind the program stay, where the program's own are known apart. */
const commandOf = ({ command, programWords }: Spec, program: NonNullable<PatchRequest["command"]>): SpecChanges =>
  programWords === undefined
    ? { command: program }
    : { command: [program[0], ...program.slice(1), ...command.slice(programWords)], programWords: program.length }
