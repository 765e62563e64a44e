/** A session's recording, to stdout or into a file that is there whole or not at all. */
import { closeSync, constants, renameSync, rmSync, writeSync } from "node:fs"
import { Effect, Stream } from "effect"
import type { SessionView } from "../domain/view.ts"
import { openRegular } from "../infra/regular-file.ts"
import type { Daemon } from "./daemon.ts"
import { Failure } from "./failures.ts"
import { assertReplaceable, temporaryBeside } from "./out-file.ts"
import { say, write } from "./stdio.ts"

export const record = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"], path: string | undefined) {
  const answer = yield* daemon.ask(daemon.client.travel.recording({ params: { id } }))
  const lines = Stream.catch(answer, (error) => Stream.fromEffect(daemon.ask(Effect.fail(error))))
  if (path === undefined) return yield* Stream.runForEach(lines, write)
  yield* assertReplaceable(path)
  const part = temporaryBeside(path)
  const file = yield* Effect.acquireRelease(
    attempt(path, () => openRegular(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL).fd),
    (fd) =>
      Effect.sync(() => {
        closeSync(fd)
        rmSync(part, { force: true })
      })
  )
  yield* Stream.runForEach(lines, (chunk) => attempt(path, () => writeWhole(file, chunk)))
  yield* attempt(path, () => renameSync(part, path))
  yield* say(`recorded in ${path}`)
}, Effect.scoped)

const writeWhole = (file: number, chunk: Uint8Array) => {
  for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done)
}

const attempt = <A>(path: string, act: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: act, catch: (cause) => new Failure({ message: `${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}` }) })
