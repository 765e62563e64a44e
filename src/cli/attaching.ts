/** Images for a prompt: named by their paths where the session may read them, and brought to the daemon where it may not. */
import { type Stats, statSync } from "node:fs"
import { readFile, realpath } from "node:fs/promises"
import { sep } from "node:path"
import { Effect, Stream } from "effect"
import { limits } from "../domain/limits.ts"
import type { SessionView } from "../domain/view.ts"
import type { AttachmentRef } from "../http/contract/prompts.ts"
import type { Daemon } from "./daemon.ts"
import { UsageFailure } from "./failures.ts"

export const attached = Effect.fnUntraced(function* (daemon: Daemon, { cwd, id }: SessionView, paths: ReadonlyArray<string>) {
  if (paths.length > limits.attachments) return yield* new UsageFailure({ message: `--attach: at most ${limits.attachments}` })
  return yield* Effect.forEach(paths, (given) =>
    Effect.gen(function* () {
      const path = yield* fromDisk(given, () => realpath(given))
      const { size } = yield* fileAt(given, path)
      if (size > limits.attachmentBytes)
        return yield* new UsageFailure({ message: `--attach ${given}: at most ${limits.attachmentBytes} bytes` })
      if (path.startsWith(cwd.endsWith(sep) ? cwd : `${cwd}${sep}`)) return { path } satisfies AttachmentRef
      const bytes = yield* fromDisk(given, () => readFile(path))
      const kept = yield* daemon.ask(daemon.client.prompts.attach({ params: { id }, payload: Stream.succeed(new Uint8Array(bytes)) }))
      return { id: kept.id } satisfies AttachmentRef
    })
  )
})

const fileAt = (given: string, path: string): Effect.Effect<Stats, UsageFailure> => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? Effect.succeed(stats) : Effect.fail(new UsageFailure({ message: `--attach ${given}: not a file` }))
}

const fromDisk = <A>(given: string, read: () => Promise<A>) =>
  Effect.tryPromise({
    try: read,
    catch: (cause) => new UsageFailure({ message: `--attach ${given}: ${(cause as NodeJS.ErrnoException).code ?? "unreadable"}` })
  })
