/** How a modelled world's agents are observed: hooks that find a daemon or leave a spool, output that is kept by offset, and their files. */
import { Effect, Layer, Stream } from "effect"
import type { HookCall } from "../../src/domain/hook-call.ts"
import { limits } from "../../src/domain/limits.ts"
import { AgentFiles } from "../../src/infra/agents/agent-files.ts"
import { Evidence } from "../../src/infra/evidence/evidence.ts"
import { Transcripts } from "../../src/infra/evidence/transcripts.ts"
import { HookProgram } from "../../src/infra/hook/hook-program.ts"
import { HookTokens } from "../../src/infra/hook/tokens.ts"
import type { Output } from "../../src/infra/output/output.ts"
import { Providers } from "../../src/infra/providers/providers.ts"
import type { World } from "./world.ts"
import { worldProviders } from "./world-providers.ts"

/** A word of a hook on its way: sent to the daemon that answers, else left behind. */
export interface HookWord {
  readonly session: string
  readonly token: string
  readonly call: HookCall
}

/** Something grows, and a fiber that waits for more of it is woken. */
export class Growing<A> {
  readonly items: Array<A> = []
  #waiting: Array<() => void> = []

  push(item: A): void {
    this.items.push(item)
    for (const wake of this.#waiting.splice(0)) wake()
  }
  readonly more = Effect.callback<void>((resume) => {
    this.#waiting.push(() => resume(Effect.void))
  })
}

/** Output by absolute offset, over all launches of a session. */
export class Spoken {
  readonly chunks = new Growing<{ readonly offset: number; readonly bytes: Uint8Array }>()
  end = 0

  push(bytes: Uint8Array): void {
    const chunk = { offset: this.end, bytes }
    this.end += bytes.length
    this.chunks.push(chunk)
  }
}

export const tokenOf = (session: string, generation: number) => `${session}.${generation}`

/** Sends the words of one agent in their order; each waits for the answer to the one before it, and not for ever. */
export class HookChannel {
  readonly #world: World
  readonly #session: string
  readonly #generation: number
  readonly #waiting: Array<{ readonly word: HookWord; readonly lagMs: number }> = []
  #busy = false
  #count = 0

  constructor(world: World, session: string, generation: number) {
    this.#world = world
    this.#session = session
    this.#generation = generation
  }

  say(event: string, payload: unknown, lagMs: number): void {
    this.#count += 1
    const id = `${this.#session}.${this.#generation}.${this.#count}`
    const call: HookCall = { id, generation: this.#generation, event, payload, at: this.#world.clock.wallMs }
    this.#waiting.push({ word: { session: this.#session, token: tokenOf(this.#session, this.#generation), call }, lagMs })
    this.#turn()
  }

  #turn(): void {
    const next = this.#busy ? undefined : this.#waiting.shift()
    if (next === undefined) return
    this.#busy = true
    const { clock, root } = this.#world
    const boot = clock.bootId
    clock.after(root, next.lagMs, () => {
      // A reboot ends hooks with everything else.
      if (clock.bootId !== boot) return
      this.#tell(next.word, () => {
        this.#busy = false
        this.#turn()
      })
    })
  }

  #tell(word: HookWord, done: () => void): void {
    const { clock, root } = this.#world
    let over = false
    const end = (told: boolean) => {
      if (over) return
      over = true
      this.#world.spoke(word, told)
      if (!told) this.#world.spoolOf(word.session).push(word.call)
      done()
    }
    clock.after(root, limits.hookAnswerMs, () => end(false))
    if (this.#world.answering === null) end(false)
    else this.#world.answering(word, end)
  }
}

/** Everything that comes after `from`, as it comes. */
const following = <A>(growing: Growing<A>, from: number): Stream.Stream<readonly [index: number, item: A]> => {
  let next = from
  const pull: Effect.Effect<readonly [readonly [number, A]]> = Effect.suspend(() => {
    const index = next
    if (index >= growing.items.length) return Effect.andThen(growing.more, pull)
    next += 1
    return Effect.succeed([[index, growing.items[index]!]] as const)
  })
  return Stream.fromPull(Effect.succeed(pull))
}

export const worldOutput = (world: World): Output["Service"] => {
  const spoken = (session: string) => world.outputOf(session)
  const scan: Output["Service"]["scan"] = (session, from) => {
    const { chunks } = spoken(session)
    const first = chunks.items.findIndex(({ bytes, offset }) => offset + bytes.length > from)
    return Stream.map(following(chunks, first === -1 ? chunks.items.length : first), ([, { bytes, offset }]) => ({
      _tag: "Bytes",
      offset: Math.max(offset, from),
      bytes: offset < from ? bytes.subarray(from - offset) : bytes
    }))
  }
  return {
    read: (_, from) => Effect.succeed({ _tag: "Bytes", from, bytes: new Uint8Array(), next: from, end: from }),
    tail: () => Effect.succeed({ from: 0, bytes: new Uint8Array() }),
    begin: () => Effect.succeed(0),
    end: (session) => Effect.sync(() => spoken(session).end),
    follow: scan,
    scan,
    directoryOf: (session) => `/home/sessions/${session}/output`,
    index: () => Stream.empty,
    beyond: () => Effect.never,
    ring: () => {},
    rung: () => []
  }
}

const prefix = "/home/sessions/"
const spoolOf = (session: string) => `${prefix}${session}/agent/hooks.ndjson`

export const worldAgents = (world: World) =>
  Layer.mergeAll(
    Layer.succeed(AgentFiles, {
      directoryOf: (session) => `${prefix}${session}/agent`,
      spoolOf,
      spooledTo: (session) => world.spoolRead.get(session) ?? 0,
      temporary: () => Effect.succeed("/tmp"),
      keepSpooledTo: (session, to) => void world.spoolRead.set(session, to),
      place: () => Effect.void,
      kept: Effect.succeed([]),
      remove: () => Effect.void
    }),
    Layer.succeed(HookProgram, { command: Effect.succeed(["/bin/hook"] as const), environment: () => ({}) }),
    Layer.succeed(HookTokens, { tokenOf, isTokenOf: (session, generation, token) => token === tokenOf(session, generation) }),
    Layer.effect(
      Evidence,
      Effect.map(Evidence, (silent) => ({
        ...silent,
        spool: (path: string, from: number) =>
          Stream.map(following(world.spoolOf(path.slice(prefix.length).split("/")[0]!), from), ([index, call]) => ({
            to: index + 1,
            calls: [call]
          }))
      }))
    ).pipe(Layer.provide(Evidence.silent)),
    Transcripts.none,
    Layer.succeed(Providers, {
      get: (id) => worldProviders.get(id),
      of: (id) => worldProviders.get(id) ?? worldProviders.get("command")!,
      all: [...worldProviders.values()],
      problems: [],
      probe: () => Effect.succeed({ status: "no_program" } as const)
    })
  )
