/** The only source of time and chance: a clock that counts since boot, suspended time included, and wall-clock jumps cannot move. */
import { randomBytes } from "node:crypto"
import { uptime } from "node:os"
import { Clock, Context, Effect, Layer } from "effect"
import type { Moment } from "../domain/time.ts"
import { currentBootId } from "./holder/process-table.ts"

/** Begins with the time, so that the log's index of ids grows at one end and a commit dirties few pages. */
const inputId = Effect.map(
  Clock.currentTimeMillis,
  (wallMs) => `i-${wallMs.toString(16).padStart(12, "0")}${randomBytes(8).toString("hex")}`
)

export class BootClock extends Context.Service<
  BootClock,
  {
    readonly bootId: string
    readonly bootMs: Effect.Effect<number>
    /** What a decision made now may know; `offset` is the caller's newest output offset. */
    readonly moment: (offset: number) => Effect.Effect<Moment>
    readonly sessionId: Effect.Effect<string>
    readonly inputId: Effect.Effect<string>
  }
>()("reprise/infra/BootClock") {
  static readonly layer = Layer.sync(BootClock, () => ({
    bootId: currentBootId(),
    // /proc/uptime: CLOCK_BOOTTIME in steps of 10 ms (proc(5)); a sleeping machine's timers wait for it too.
    bootMs: Effect.sync(bootMs),
    moment: moment(Effect.sync(bootMs), currentBootId()),
    sessionId: Effect.sync(sessionId),
    inputId
  }))

  /** Under a test clock: the machine booted when the test began. Ids and nonces stay random. */
  static readonly layerTest = Layer.succeed(BootClock, {
    bootId: "boot-test",
    bootMs: Clock.currentTimeMillis,
    moment: moment(Clock.currentTimeMillis, "boot-test"),
    sessionId: Effect.sync(sessionId),
    inputId
  })
}

function moment(sinceBoot: Effect.Effect<number>, bootId: string): BootClock["Service"]["moment"] {
  return (offset) =>
    Effect.map(Effect.all([Clock.currentTimeMillis, sinceBoot]), ([wallMs, bootMs]) => ({
      wallMs,
      bootMs,
      bootId,
      random: randomBytes(4).readUInt32BE() / 2 ** 32,
      nonce: randomBytes(16).toString("hex"),
      offset
    }))
}

function bootMs() {
  return Math.floor(uptime() * 1_000)
}

const base32 = "0123456789abcdefghjkmnpqrstvwxyz"
function sessionId() {
  return `s-${Array.from(randomBytes(12), (byte) => base32[byte % 32]).join("")}`
}
