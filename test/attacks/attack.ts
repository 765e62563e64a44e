/** What an attack is: one attempt on the running daemon, what the daemon promises against it, and the outcome that was seen. */
import { afterAll, describe, expect, it } from "vitest"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon, until } from "../support/daemon.ts"

export type Attacker = "stranger" | "web page" | "local user" | "agent" | "machine"

export interface Attack {
  /** Area and number, such as `door-07`; never reused. */
  readonly id: string
  readonly attacker: Attacker
  /** What the attacker does, without a subject: "sends two Host headers". */
  readonly does: string
  /** What the daemon promises: "answers 400 before it looks at the route". */
  readonly promise: string
  /** Only root can set the scene up: mounts, other users. */
  readonly needsRoot?: boolean
  /** Takes longer than a minute: `npm run attacks` runs it, `npm test` does not. */
  readonly isLong?: boolean
  /** Breaks or restarts its daemon, or gives it other limits: it starts one of its own and gets none. */
  readonly isAlone?: boolean
  /** The outcome as one phrase with its figure ("401", "echo p99 9 ms, 210 MB"). Throws where the promise does not hold. */
  readonly run: (ground: Ground) => Promise<string>
}

/** Where attacks take place: a daemon that they share, and a session that none of them may disturb. */
export interface Ground {
  readonly daemon: TestDaemon
  readonly bystander: SessionView
  /** How long the delays of others are measured during a flood, at least. Of a hundred samples the p99 is nearly the worst. */
  readonly measuredMs: number
}

/** What holds after each attack: the daemon is the same process, and the bystander answers. */
export const assertUnharmed = async ({ bystander, daemon }: Ground, pid: number) => {
  if (daemon.pid !== pid) throw new Error(`the daemon is another process now: ${daemon.pid} instead of ${pid}`)
  const mark = `still-${Math.random().toString(36).slice(2)}`
  await daemon.done("POST", `/v1/sessions/${bystander.id}/input`, { text: `${mark}\r` })
  await until("the bystander echoes", async () => (await daemon.output(bystander.id)).includes(mark), 10_000)
}

export const openGround = async ({ measuredMs = 2_000 } = {}): Promise<Ground & AsyncDisposable> => {
  const daemon = await TestDaemon.started()
  const bystander = await daemon.create(["cat"], { name: "bystander" })
  await daemon.reaches(bystander.id, "streaming", ({ state }) => state === "streaming")
  return { daemon, bystander, measuredMs, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() }
}

/** Runs one attack, and checks that the daemon and the bystander are unharmed. */
export const runAttack = async (attack: Attack, ground: Ground) => {
  if (attack.isAlone === true) return attack.run(ground)
  const pid = ground.daemon.pid
  const outcome = await attack.run(ground)
  await assertUnharmed(ground, pid)
  return outcome
}

/** The attacks of one area as tests that share a daemon. */
export const testAttacks = (area: string, attacks: ReadonlyArray<Attack>) =>
  describe(area, () => {
    let opened: Promise<Ground & AsyncDisposable> | null = null
    const ground = () => {
      opened ??= openGround()
      return opened
    }
    it("numbers its attacks once each", () => {
      expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length)
    })
    for (const attack of attacks) {
      const left = attack.isLong === true || (attack.needsRoot === true && process.getuid?.() !== 0)
      it.skipIf(left)(`${attack.id}: a ${attack.attacker} ${attack.does}; the daemon ${attack.promise}`, { timeout: 120_000 }, async () => {
        const outcome = await runAttack(attack, attack.isAlone === true ? alone : await ground())
        expect(outcome).not.toBe("")
      })
    }
    // A hook and no test: with `-t` the daemon of one attack is ended too.
    afterAll(async () => {
      if (opened !== null) await (await opened)[Symbol.asyncDispose]()
    }, 60_000)
  })

/** An attack that is alone has no ground: to touch it is an error of the attack. */
export const alone: Ground = {
  measuredMs: 0,
  get daemon(): TestDaemon {
    throw new Error("an attack that is alone starts its own daemon")
  },
  get bystander(): SessionView {
    throw new Error("an attack that is alone starts its own sessions")
  }
}
