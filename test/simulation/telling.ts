/** One life, printed as it happens: what is durable, what daemons do to their world, what agents take up and say, and what goes wrong. */
import type { Stage } from "../support/world-stage.ts"

export type Tell = (line: string) => void

/** It changes nothing of the life. What is returned prints a move. */
export const telling = ({ truth, world }: Stage, tell: Tell): Tell => {
  let known = 0
  const say: Tell = (line) => {
    for (const { boot_ms, data, seq, stream, type } of truth.rows.slice(known)) tell(`${boot_ms}   ${stream}@${seq} ${type} ${data}`)
    known = truth.rows.length
    tell(`${world.clock.bootMs} ${line}`)
  }
  const { injected, spawned, watch } = world
  world.injected = (fault) => {
    say(`  fault: ${fault}`)
    injected(fault)
  }
  world.watch = (act) => {
    const { ref, type, ...more } = act
    watch(act)
    say(`  ${ref.session}/g${ref.generation} ${type} ${JSON.stringify(more)}`)
  }
  world.spawned = (holder) => {
    spawned(holder)
    say(`  ${holder.order.session}/g${holder.order.generation} is up: ${JSON.stringify(holder.script)}`)
  }
  world.spoke = ({ call, session }, taken) => say(`  ${session}/g${call.generation} ${taken ? "has said" : "leaves behind"} ${call.event}`)
  return say
}
