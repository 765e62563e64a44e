/** Agents in terminals of their own, each behind a holder that outlives the daemon. */
import { existsSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { Leftover, ProcessIdentity } from "../../domain/facts.ts"
import { endTree } from "../holder/killing.ts"
import { fileNames, launchDirectory } from "../holder/launch-directory.ts"
import { isAlive, isStopped, isSuspended, readProcess, signalExactly } from "../holder/process-table.ts"
import { endTool, toolsOf } from "../holder/tools.ts"
import { noncesNow, ProcessTree } from "../holder/tree.ts"
import { Output } from "../output/output.ts"
import { installHolder } from "./bundle.ts"
import { connect } from "./holder-link.ts"
import { endIdleHolder, endOverdueHolder, endSilentHolder, findHolder } from "./idle-holder.ts"
import { launch } from "./launch.ts"
import { deny } from "./launch-right.ts"
import { launchTrouble } from "./launch-trouble.ts"
import { otherHomeOf } from "./other-home.ts"
import { preflight } from "./preflight.ts"
import { holderIsDead, listRemains, remainsOf } from "./remains.ts"
import { type LaunchRef, Runtime } from "./runtime.ts"
import { makeHolderStart } from "./spare-holder.ts"
import { stopLaunches } from "./stop-launches.ts"

/** Everything of it lies under `home`: launches and output in `sessions`, the holder's program in `holders`. */
export const ptyRuntime = (options: { readonly home: string }): Layer.Layer<Runtime, never, Output> =>
  Layer.effect(
    Runtime,
    Effect.gen(function* () {
      const { home } = options
      const output = yield* Output
      const holder = yield* Effect.cachedInvalidateWithTTL(installHolder(home), "1 minute").pipe(Effect.map(([install]) => install))
      const startHolder = yield* makeHolderStart
      const directoryOf = (ref: LaunchRef) => launchDirectory(home, ref.session, ref.generation)
      /** From here on no holder that comes late goes on with this launch. */
      const giveUp = (ref: LaunchRef) => {
        const directory = directoryOf(ref)
        if (!existsSync(directory) || existsSync(join(directory, fileNames.owner))) return
        deny(directory, ref.nonce)
      }
      /** By nonce, from the first connection on, which comes before an agent can change a file; until the launch is discarded. */
      const holders = new Map<string, ProcessIdentity>()
      const knownHolder = (ref: LaunchRef, leader: ProcessIdentity | null): ProcessIdentity | null => {
        const known = holders.get(ref.nonce) ?? findHolder(home, directoryOf(ref), ref.nonce, leader)
        if (known !== null) holders.set(ref.nonce, known)
        return known
      }
      const connectTo = (ref: LaunchRef, epoch: number, after: number) =>
        connect(home, ref, epoch, after, (offset) => output.ring(ref.session, offset)).pipe(
          Effect.tap(({ process }) => Effect.sync(() => void knownHolder(ref, process)))
        )
      const sweep = Effect.fn("Runtime.sweep")(function* (
        ref: LaunchRef,
        leader: ProcessIdentity | null,
        onLeftovers: (leftovers: ReadonlyArray<Leftover>) => void = () => {}
      ) {
        const other = otherHomeOf(home, ref)
        if (other !== null) {
          yield* Effect.logWarning(
            `generation ${ref.generation} of ${ref.session} lives in the home ${other}, of whose log this one is a copy: it is left alone`
          )
          return { swept: 0 }
        }
        giveUp(ref)
        // While the agent lives: its parent is the holder, whatever the files say.
        const holder = knownHolder(ref, leader)
        yield* Effect.promise(() => endIdleHolder(directoryOf(ref)))
        const tree = new ProcessTree(leader, ref.nonce, { watched: false })
        yield* Effect.promise((abort) => endTree(tree, { atOnce: () => false, onStep: () => {}, onLeftovers, abort }))
        yield* endSilentHolder(directoryOf(ref), ref.nonce, holder)
        return { swept: tree.outlived }
      })
      return Runtime.of({
        preflight,
        launch: (order, isOurs) => Effect.flatMap(holder, (installed) => launch(home, installed, startHolder, order, isOurs)),
        connect: connectTo,
        list: Effect.sync(() => listRemains(home)),
        remains: (ref, process = null) => Effect.sync(() => remainsOf(home, ref.session, ref.generation, { nonce: ref.nonce, process })),
        sweep,
        outlived: (refs) => Effect.sync(() => withMembers(refs).filter((ref) => otherHomeOf(home, ref) === null)),
        stopLaunches: (session, epoch, wish) =>
          Effect.suspend(() =>
            stopLaunches(
              {
                launches: listRemains(home).filter((launch) => launch.session === session),
                connect: (launch) => connectTo(launch, epoch, launch.journal.length),
                sweep: (launch) => sweep(launch, launch.process),
                holderIsDead: (launch) => holderIsDead(directoryOf(launch))
              },
              wish
            )
          ),
        foreground: (leader) =>
          Effect.sync(() => {
            const row = isAlive(leader) ? readProcess(leader.pid) : null
            return row === null || row.foreground <= 0 ? null : { group: row.foreground, isOwn: row.foreground === row.group }
          }),
        trouble: (ref) => Effect.sync(() => launchTrouble(home, ref.session, ref.generation)),
        isSuspended: (leader) => Effect.sync(() => isAlive(leader) && isSuspended(leader.pid)),
        proceed: (ref, leader) =>
          Effect.sync(() => {
            // Its members first: a shell that goes on looks at its jobs.
            const members = new ProcessTree(leader, ref.nonce, { watched: false }).scan()
            for (const { identity } of members.toReversed()) if (isStopped(identity.pid)) signalExactly(identity, "SIGCONT")
          }),
        tools: (ref, leader) => Effect.sync(() => toolsOf(leader, ref.nonce)),
        killTool: (ref, leader, pgid) => Effect.promise((abort) => endTool(leader, ref.nonce, pgid, abort)),
        discard: (ref, isOver = false) =>
          Effect.promise(async () => {
            giveUp(ref)
            const holder = holders.get(ref.nonce)
            if (isOver && holder !== undefined) await endOverdueHolder(holder, ref.nonce)
            holders.delete(ref.nonce)
            // What cannot be removed is left, and looked at again later.
            if (holderIsDead(directoryOf(ref))) await rm(directoryOf(ref), { recursive: true, force: true }).catch(() => {})
          })
      })
    })
  )

const withMembers = (refs: ReadonlyArray<LaunchRef>): ReadonlyArray<LaunchRef> => {
  if (refs.length === 0) return []
  const living = noncesNow()
  return refs.filter(({ nonce }) => living.has(nonce))
}
