/** A session's recording, to stdout or into a file that is there whole or not at all. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { Effect, Stream } from "effect"
import type { SessionView } from "../domain/view.ts"
import type { Daemon } from "./daemon.ts"
import { Failure } from "./failures.ts"
import { say, write } from "./stdio.ts"

export const record = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"], path: string | undefined) {
  const answer = yield* daemon.ask(daemon.client.travel.recording({ params: { id } }))
  const lines = Stream.catch(answer, (error) => Stream.fromEffect(daemon.ask(Effect.fail(error))))
  if (path === undefined) return yield* Stream.runForEach(lines, write)
  const part = `${path}.part`
  const file = yield* Effect.acquireRelease(
    attempt(path, () => openSync(part, "w", 0o600)),
    (fd) =>
      Effect.sync(() => {
        closeSync(fd)
        rmSync(part, { force: true })
      })
  )
  yield* Stream.runForEach(lines, (chunk) => attempt(path, () => void writeSync(file, chunk)))
  yield* attempt(path, () => renameSync(part, path))
  yield* say(`recorded in ${path}`)
}, Effect.scoped)

const attempt = <A>(path: string, act: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: act, catch: (cause) => new Failure({ message: `${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}` }) })
