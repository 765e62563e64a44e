/** In some worlds a holder falls silent right after a prompt was typed: no daemon learns what its agent makes of it before its time is up. */
import { Chance } from "../support/world-chance.ts"
import type { Stage } from "../support/world-stage.ts"

/** Drawn apart from everything else, so that all other lives are as they were. Returns how to end it, for good. */
export const eclipses = ({ ledger, world }: Stage, seed: number, without: ReadonlySet<string> = new Set()): (() => void) => {
  const chance = new Chance(~seed)
  if (without.has(eclipse) || !chance.happens(0.6)) return () => {}
  const { clock, root } = world
  let isOver = false
  const { watch } = world
  world.watch = (act) => {
    watch(act)
    if (act.type !== "write" || !act.submits || isOver || !chance.happens(0.8)) return
    const holder = world.launchOf(act.ref)?.holder
    clock.after(root, chance.between(42, 200), () => {
      if (isOver || holder?.stage !== "running" || !holder.alive || holder.hung) return
      ledger.inject(eclipse)
      holder.hang()
      holder.disconnect()
      clock.after(root, chance.between(20_000, 60_000), () => {
        if (holder.hung) holder.resume()
      })
    })
  }
  return () => {
    isOver = true
  }
}

export const eclipse = "eclipse"
