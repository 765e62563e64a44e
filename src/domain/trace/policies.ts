/** The policies that can be tried over recorded sessions, by name: what a create or a patch may say of them, and no more. */
import { Result, Schema } from "effect"
import { CreateRequest, Keepalive, type Spec, type SpecChanges } from "../spec.ts"

/** As a user wrote it: a name and a word. */
export interface Wish {
  readonly name: string
  readonly value: string
}

/** What a session would have been asked to be. Policies that were patched in later are overridden too. */
export interface Policies {
  readonly spec: (spec: Spec) => Spec
  readonly patch: (changes: SpecChanges) => SpecChanges
}

/** `field`: which of them, or which of their values, cannot be meant. */
export class UnknownPolicy extends Schema.TaggedError<UnknownPolicy>()("UnknownPolicy", { field: Schema.String, message: Schema.String }) {}

const keepaliveNames = Object.keys(Keepalive.fields).map((name) => `keepalive.${name}`)
/** `stop.graceMs`: how long the rungs of the ladder before the last wait together. */
export const policyNames: ReadonlyArray<string> = [...keepaliveNames, "stop.graceMs", "readyTimeoutMs", "idleStopMs"]

export const policiesOf = (wishes: ReadonlyArray<Wish>): Result.Result<Policies, UnknownPolicy> => {
  const no = (field: string, message: string) => Result.fail(new UnknownPolicy({ field, message }))
  const unknown = wishes.find(({ name }) => !policyNames.includes(name))
  if (unknown !== undefined) return no(unknown.name, `no policy is called ${unknown.name}; there are: ${policyNames.join(", ")}`)
  const twice = wishes.find(({ name }, index) => wishes.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) return no(twice.name, `${twice.name} is given twice`)
  const wanted = Object.fromEntries(wishes.map(({ name, value }) => [name, worded(value)]))
  const policies = alter(wanted)
  // Against the rules of a create: what cannot be asked for cannot be tried.
  for (const { name, value } of wishes) {
    const tried = decode(requestOf(policies.spec(sample)))
    if (Result.isFailure(tried)) return no(name, `${name} ${value}: ${tried.failure.message.split("\n")[0]}`)
  }
  return Result.succeed(policies)
}

const worded = (value: string): unknown => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value === "none" ? null : value)

type Wanted = Readonly<Record<string, unknown>>

const alter = (wanted: Wanted): Policies => {
  const own = Object.entries(wanted).flatMap(([name, value]) => {
    const [group, field] = name.split(".")
    return group === "keepalive" ? [[field!, value] as const] : []
  })
  const keepalive = (before: Keepalive) => ({ ...before, ...Object.fromEntries(own) }) as Keepalive
  const stop = (before: Spec["stop"]): Spec["stop"] =>
    wanted["stop.graceMs"] === undefined ? before : { ladder: within(before.ladder, wanted["stop.graceMs"] as number) }
  const idle = wanted.idleStopMs === undefined ? {} : { idleStopMs: wanted.idleStopMs as number | null }
  return {
    spec: (spec) => ({
      ...spec,
      ...idle,
      keepalive: keepalive(spec.keepalive),
      stop: stop(spec.stop),
      readyTimeoutMs: (wanted.readyTimeoutMs as number | undefined) ?? spec.readyTimeoutMs
    }),
    patch: (changes) => ({
      ...changes,
      ...(changes.idleStopMs === undefined ? {} : idle),
      ...(changes.keepalive === undefined ? {} : { keepalive: keepalive(changes.keepalive) }),
      ...(changes.stop === undefined ? {} : { stop: stop(changes.stop) })
    })
  }
}

/** The waits of all rungs but the last, in the proportion that they have; equal, where they have none. */
const within = (ladder: Spec["stop"]["ladder"], graceMs: number): Spec["stop"]["ladder"] => {
  const waits = ladder.map((rung) => (rung.step === "kill" ? 0 : rung.waitMs))
  const whole = waits.reduce((sum, wait) => sum + wait, 0)
  return ladder.map((rung, index) =>
    rung.step === "kill" ? rung : { ...rung, waitMs: Math.round(graceMs * (whole === 0 ? 1 / (ladder.length - 1) : waits[index]! / whole)) }
  )
}

const decode = Schema.decodeUnknownResult(CreateRequest)

const sample = {
  keepalive: { mode: "never", baseMs: 3_000, factor: 2, capMs: 300_000, maxAttempts: 3, healthyAfterMs: 60_000 },
  stop: { ladder: [{ step: "hangup", signals: ["SIGHUP"], waitMs: 1_000 }, { step: "kill" }] },
  readyTimeoutMs: 30_000,
  idleStopMs: null
} as unknown as Spec

const requestOf = ({ idleStopMs, keepalive, readyTimeoutMs, stop }: Spec) => ({
  cwd: "/",
  keepalive,
  stop,
  readyTimeoutMs,
  ...(idleStopMs === null ? {} : { idleStopMs })
})
