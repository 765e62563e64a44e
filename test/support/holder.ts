/** Launches real holders in a home of their own, and leaves neither a process nor a file of it behind. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schedule, type Scope, Stream } from "effect"
import { vi } from "vitest"
import { buildHolder } from "../../scripts/build.ts"
import type { HolderEvent, JournalEntry } from "../../src/domain/inputs.ts"
import { launchDirectory, readOwner } from "../../src/infra/holder/launch-directory.ts"
import { signalExactly } from "../../src/infra/holder/process-table.ts"
import { ProcessTree } from "../../src/infra/holder/tree.ts"
import { Output } from "../../src/infra/output/output.ts"
import { type HolderLink, type LaunchOrder, type LaunchRef, Runtime } from "../../src/infra/runtimes/runtime.ts"
import { runtimeOf } from "./holder-runtime.ts"

/** A machine that runs other tests beside these may take its time; nothing here waits for a guess. */
vi.setConfig({ testTimeout: 60_000 })

/** The bundle under test is the source under test. */
await buildHolder()

/** A directory that is removed with the scope, after every holder and agent in it was ended. */
export const temporaryHome = (folder = "") =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const base = mkdtempSync(join(tmpdir(), "holder-"))
      const home = join(base, folder)
      mkdirSync(home, { recursive: true })
      return { base, home }
    }),
    ({ base, home }) =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        for (const remains of yield* runtime.list) {
          const owner = readOwner(launchDirectory(home, remains.session, remains.generation))
          if (owner?.role === "holder") signalExactly(owner.process, "SIGKILL")
          const tree = new ProcessTree(remains.process, remains.nonce, { watched: false })
          yield* Effect.sync(() => tree.scan().map(({ identity }) => signalExactly(identity, "SIGKILL"))).pipe(
            Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (living) => living.length === 0, times: 250 })
          )
        }
        const sessions = join(home, "sessions")
        if (existsSync(sessions) && statSync(sessions).dev !== statSync(home).dev) spawnSync("umount", ["-l", sessions])
        rmSync(base, { recursive: true, force: true, maxRetries: 5 })
      }).pipe(Effect.provide(runtimeOf(home)))
  ).pipe(Effect.map(({ home }) => home))

/** The test with a runtime over a home of its own. */
export const inHome = <A, E>(test: (home: string) => Effect.Effect<A, E, Runtime | Output | Scope.Scope>, folder = "") =>
  Effect.gen(function* () {
    const home = yield* temporaryHome(folder)
    return yield* Effect.provide(Effect.scoped(test(home)), runtimeOf(home))
  }).pipe(Effect.scoped)

let nextSession = 0
export const order = (script: string, changes: Partial<LaunchOrder> = {}): LaunchOrder => {
  nextSession += 1
  return {
    session: `s-${nextSession.toString().padStart(12, "0")}`,
    generation: 1,
    nonce: nonceOf(nextSession),
    executable: "/bin/sh",
    command: ["sh", "-c", script],
    cwd: "/",
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", TERM: "xterm-256color" },
    size: { cols: 80, rows: 24 },
    ladder: [{ step: "hangup", signals: ["SIGHUP", "SIGCONT"], waitMs: 300 }, { step: "kill" }],
    outputRetentionBytes: 67_108_864,
    ...changes
  }
}
const nonceOf = (n: number) =>
  `${process.pid.toString(16).padStart(8, "0")}${n.toString(16).padStart(8, "0")}${crypto.randomUUID().slice(0, 8)}00000000`

export const connected = (ref: LaunchRef, after = 0, epoch = 1) => Effect.flatMap(Runtime, (runtime) => runtime.connect(ref, epoch, after))

export const launched = (script: string, changes: Partial<LaunchOrder> = {}) =>
  Effect.gen(function* () {
    const asked = order(script, changes)
    yield* (yield* Runtime).launch(asked)
    return { order: asked, link: yield* connected(asked) }
  })

/** The journal up to the first entry of that type; fails the test when it does not come. */
export const journalUntil = (link: HolderLink, type: HolderEvent["type"]) =>
  link.journal.pipe(
    Stream.takeUntil((entry) => entry.event.type === type),
    Stream.runCollect,
    Effect.timeout("20 seconds")
  )

export const typesOf = (entries: ReadonlyArray<JournalEntry>) => entries.map(({ event }) => event.type)

/** All of a session's output until it contains the text. */
export const outputUntil = (session: string, text: string, from = 0) =>
  Effect.flatMap(Output, (output) =>
    output.follow(session, from).pipe(
      Stream.scan(
        () => "",
        (seen, chunk) => (chunk._tag === "Bytes" ? seen + Buffer.from(chunk.bytes).toString("latin1") : seen)
      ),
      Stream.takeUntil((seen) => seen.includes(text)),
      Stream.runLast,
      Effect.map((last) => (last._tag === "Some" ? last.value : "")),
      Effect.timeout("20 seconds")
    )
  )

/** Asks until it holds, for at most twenty seconds. */
export const eventually = (what: string, holds: () => boolean) =>
  Effect.sync(holds).pipe(
    Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: (held) => held, times: 2_000 }),
    Effect.flatMap((held) => (held ? Effect.void : Effect.die(new Error(`never: ${what}`))))
  )
