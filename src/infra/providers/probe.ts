/** Whether an agent is installed, and in which version: looked for on the PATH, and asked again only when its file has changed. */
import { stat } from "node:fs/promises"
import { Effect, Semaphore } from "effect"
import { childEnvironment, type Environment } from "../../domain/environment.ts"
import { parentMarkers, withoutNames } from "../../domain/providers/parent-markers.ts"
import type { Provider } from "../../domain/providers/provider.ts"
import { lookAt } from "../path-looks.ts"
import { preflight } from "../runtimes/preflight.ts"
import { versionOf } from "./version.ts"

export type Probe =
  /** `version`: null where it prints none. `confirmed`: this version's rules were seen to hold. */
  | { readonly status: "installed"; readonly path: string; readonly version: string | null; readonly confirmed: boolean }
  /** `install`: what a person types to install it. */
  | { readonly status: "not_installed"; readonly reason: string; readonly install: string | null }
  /** It has no program of its own: a create names one. */
  | { readonly status: "no_program" }

/** `own`: the environment that agents inherit from. */
export const makeProbe = (own: Readonly<Record<string, string | undefined>>) => {
  const environment = withoutNames(childEnvironment(own, {}), parentMarkers)
  const versions = new Map<string, string>()
  // Each of them takes a core for a second: no more at a time than a small machine has.
  const slots = Semaphore.makeUnsafe(2)
  const ask = Effect.fnUntraced(function* (path: string, args: ReadonlyArray<string>) {
    const key = `${yield* stamp(path)} ${JSON.stringify(args)}`
    const known = versions.get(key)
    if (known !== undefined) return known
    const version = yield* versionOf(path, args, environment)
    // A machine in trouble may have been too slow: that is no property of the file.
    if (version !== null) versions.set(key, version)
    return version
  })
  return Effect.fn("Providers.probe")(function* (provider: Provider) {
    if (provider.command === null) return { status: "no_program" } satisfies Probe
    const [name, ...words] = provider.command
    const found = yield* Effect.result(preflight(name, "/", pathOf(environment)))
    if (found._tag === "Failure") {
      const reason = found.failure.reasons.map(({ message }) => message).join("; ")
      return { status: "not_installed", reason, install: provider.install } satisfies Probe
    }
    const path = found.success.executable
    const version = provider.version === null ? null : yield* slots.withPermits(1)(ask(path, [...words, ...provider.version.args]))
    const confirmed = version !== null && (provider.version?.confirmed.includes(version) ?? false)
    return { status: "installed", path, version, confirmed } satisfies Probe
  })
}

const pathOf = (environment: Environment) => environment.PATH ?? ""

/** The file behind every link: an update puts another one there. */
const stamp = (path: string): Effect.Effect<string> =>
  lookAt(path, () => stat(path).catch(() => null)).pipe(
    Effect.orElseSucceed(() => null),
    Effect.map((stats) => `${path} ${stats?.ino} ${stats?.mtimeMs} ${stats?.size}`)
  )
