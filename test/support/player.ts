/** Plays a recording to the real registry, actors and log, on a virtual clock, in a world that answers as it was recorded. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { toDecision } from "../../src/actors/recording.ts"
import type { Asking } from "../../src/actors/sessions.ts"
import type { Command, Report } from "../../src/domain/inputs.ts"
import type { Moment } from "../../src/domain/time.ts"
import { redecide } from "../../src/domain/trace/redecide.ts"
import type { BootClock } from "../../src/infra/boot-clock.ts"
import { Puppet } from "./puppet.ts"
import type { Recording, TraceFact, TraceStep } from "./sealed.ts"
import { World } from "./world.ts"
import { Daemon } from "./world-daemon.ts"
import { LogFile } from "./world-log.ts"

export interface Played {
  /** The log as the daemons of the play wrote it. */
  readonly facts: ReadonlyArray<TraceFact>
  readonly launched: Puppet["launched"]
  readonly ladders: Puppet["ladders"]
  readonly daemons: number
}

/** Fails at the first step that does not come to as many facts as were recorded. */
export const play = async ({ steps }: Recording): Promise<Played> => {
  const world = new World(1)
  const log = new LogFile()
  const puppet = new Puppet()
  let now: Moment = steps[0]!.moment
  /** Nothing is due but in a step in which a deadline passed; from there time goes on, for a fiber that wakes up before it acts. */
  let shown: { readonly bootMs: number; readonly atMs: number } | null = null
  let nextInputId: string | null = null
  let daemons = 0
  const id = steps[0]!.facts[0].data.id as string
  const prompts = steps.flatMap(({ input }) => ("prompt" in input ? [input.prompt.hash] : "hash" in input ? [input.hash] : []))
  for (const hash of prompts) world.texts.set(hash, "what was said then")
  world.environments.set(id, {})

  const start = async () => {
    daemons++
    const bendClock = (clock: BootClock["Service"]): BootClock["Service"] => ({
      ...clock,
      bootId: now.bootId,
      bootMs: Effect.sync(() => (shown === null ? 0 : shown.bootMs + world.clock.monotonicMs - shown.atMs)),
      moment: (offset) => Effect.sync(() => ({ ...now, offset })),
      inputId: Effect.suspend(() => {
        const own = nextInputId
        nextInputId = null
        return own === null ? clock.inputId : Effect.succeed(own)
      })
    })
    const daemon = new Daemon(world, log, { bendClock, bendRuntime: puppet.runtime })
    await until(() => daemon.ready, "the daemon is ready")
    return daemon
  }
  const until = async (holds: () => boolean | Promise<boolean>, what: string, withinMs = 120_000) => {
    await world.clock.settle()
    for (let waitedMs = 0; !(await holds()); waitedMs += 1_000) {
      assert(waitedMs < withinMs, `it does not come about that ${what}`)
      await world.clock.advance(1_000)
    }
  }

  /** What the daemon finds out by itself is not sent to it. */
  const tell = (daemon: Daemon, { input }: TraceStep, restarted: boolean) => {
    if (input.type === "Create" || input.type === "DeadlineReached" || input.type === "HostRebooted") return
    if (input.type === "Detach" && input.by === "reprise" && restarted) return
    if (!("by" in input) && puppet.answer(input as Report)) return
    const asking: Asking = { by: "by" in input ? input.by : "reprise" }
    if (input.type === "Write") {
      nextInputId = input.writeId
      daemon.ask(daemon.sessions.write(id, new Uint8Array(input.bytes), asking))
      // A report enters by the same door as a command.
    } else daemon.ask(daemon.sessions.send(id, input as Command, asking))
  }

  let daemon = await start()
  let seq = 0
  for (const [index, step] of steps.entries()) {
    const restarted = index > 0 && step.epoch !== steps[index - 1]!.epoch
    now = step.moment
    if (restarted) {
      await daemon.kill()
      puppet.forget()
    }
    puppet.offset = step.moment.offset
    if (step.input.type === "DeadlineReached") shown = { bootMs: step.moment.bootMs, atMs: world.clock.monotonicMs }
    if (restarted) daemon = await start()
    if (step.input.type === "Create") await create(daemon, step)
    else tell(daemon, step, restarted)
    seq += step.facts.length
    const what = `${step.input.type} (${step.facts[0].seq}) comes to ${step.facts.map(({ type }) => type).join(", ")}`
    await until(async () => (await headOf(daemon, id)) >= seq, what)
    shown = null
    assert.strictEqual(await headOf(daemon, id), seq, what)
  }
  const facts = await factsOf(daemon, id)
  await daemon.kill()
  log.remove()
  return { facts, launched: puppet.launched, ladders: puppet.ladders, daemons }
}

/** By the log alone, as a registry would have written it: its request is not in the recording. Then it is asked for, and taken up. */
const create = async (daemon: Daemon, step: TraceStep) => {
  const decided = redecide(null, step)
  assert(decided._tag === "Accepted", JSON.stringify(decided))
  const id = step.facts[0].data.id as string
  const by = step.facts[0].data.by as string
  const recording = {
    id,
    seq: 0,
    checkpointed: 0,
    input: { type: "Create" },
    inputId: "i-create",
    moment: step.moment,
    asking: { by }
  } as const
  daemon.ask(Effect.andThen(daemon.store.append(toDecision(recording, decided)), daemon.sessions.tools(id)))
}

const headOf = async (daemon: Daemon, id: string) => (await Effect.runPromise(daemon.reader.row(id)))?.seq ?? 0

const factsOf = async (daemon: Daemon, id: string): Promise<ReadonlyArray<TraceFact>> =>
  (await Effect.runPromise(daemon.reader.stream(id, { after: 0, limit: 10_000 }))).map(
    ({ data, schemaVersion, seq, stateHash, type, wallMs }) => ({ seq, type, schemaVersion, wallMs, data, stateHash })
  )
