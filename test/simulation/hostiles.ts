/** In a hostile life some agents lie about themselves and flood the daemon with it: the others must not feel it, and every stop must end. */
import { isWord } from "../../src/actors/mailbox.ts"
import { limits } from "../../src/domain/limits.ts"
import { Chance } from "../support/world-chance.ts"
import type { Stage } from "../support/world-stage.ts"

const lies = ["working", "idle", "done", "error", "blocked:kind=permission:msg=TWF5IEk/", "blocked:kind=auth", "clear"].map(
  (state) => `\x1b]7501;state=${state.replace(":", ":app=liar:")}\x1b\\`
)

/** Drawn apart from everything else. Returns how to end it, for good. */
export const hostiles = ({ ledger, world }: Stage, seed: number): (() => void) => {
  const chance = new Chance(seed ^ 0x5eed)
  const { clock, root } = world
  let isOver = false
  const strike = () => {
    if (isOver) return
    const running = world.holders.filter(({ alive, mind, stage }) => alive && stage === "running" && mind !== null)
    // One at least stays honest, so that there is one to be harmed.
    const known = new Set(running.map(({ order }) => order.session))
    const honest = [...known].filter((session) => !world.hostile.has(session)).length
    const holder = running.length === 0 ? undefined : chance.pick(running)
    if (holder !== undefined && (world.hostile.has(holder.order.session) || honest > 1 || chance.happens(0.3))) {
      world.hostile.add(holder.order.session)
      ledger.inject("agent lies without end")
      holder.say(Array.from({ length: chance.between(100, 3_000) }, () => chance.pick(lies)).join(""))
    }
    clock.after(root, chance.between(50, 5_000), strike)
  }
  clock.after(root, chance.between(500, 5_000), strike)
  return () => {
    isOver = true
  }
}

/** Facts that come of words, in any stretch of time, are no more than their budget. */
export const judgeWords = ({ daemons, ledger, truth, world }: Stage): void => {
  for (const session of world.hostile) {
    const words = (truth.streams.get(session)?.facts ?? []).filter(({ input }) => input.type !== "Create" && isWord(input))
    const [first, last] = [words[0], words.at(-1)]
    if (first === undefined || last === undefined || first.moment.bootId !== last.moment.bootId) continue
    const seconds = (last.moment.bootMs - first.moment.bootMs) / 1_000
    // Each daemon begins with a full budget; one decision may make a few facts more than there is left.
    const most = (1 + daemons.length) * (limits.wordFactsBurst + 20) + seconds * limits.wordFactsPerSecond
    ledger.check("H words bounded", words.length <= most, () => `${session} has ${words.length} facts of words in ${seconds} s`)
  }
}
