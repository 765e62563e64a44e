/** How long a key takes from the person's terminal through daemon and holder to the agent and back, beside an attached tmux. */
import { execFileSync, spawnSync } from "node:child_process"
import { type IPty, spawn } from "node-pty"
import { TestDaemon, until } from "../test/support/daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { relayed } from "./relay.ts"
import { interleaved, median, percentile } from "./samples.ts"
import type { Size } from "./size.ts"
import { attached, seen, type TerminalClient } from "./terminal-client.ts"

/** Gives back every byte as it comes, and nothing else. */
const echoing = "stty raw -echo; printf ready.; exec cat"

export const benchEcho = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  const keys = small ? 40 : 200
  await using daemon = await TestDaemon.started()
  const { id } = await daemon.create(["sh", "-c", echoing])
  await daemon.reaches(id, "runs", ({ phase, state }) => state === "streaming" && phase === "running")
  await until("the echo is ready", async () => (await daemon.output(id)).includes("ready."))
  using ours = await attached(daemon, id)
  const type = (key: string) => ours.socket.send(Buffer.from(key))
  if (spawnSync("tmux", ["-V"]).error !== undefined) {
    const took = (await times(ours, type, keys * 5)).toSorted((a, b) => a - b)
    const note = "NO PEER: tmux is not installed (apt-get install tmux), so nothing was compared"
    return [figure({ name: "key echo, p50", unit: "ms", better: "less", ours: median(took), note })]
  }
  await using peer = tmux()
  await peer.ready
  await times(ours, type, keys)
  await times(peer.client, peer.type, keys)
  await using relay = await relayed(echoing)
  await times(relay.client, relay.type, keys)
  const floor: Array<number> = []
  const taken = await interleaved(
    small ? 2 : 6,
    () => times(ours, type, keys),
    async () => {
      floor.push(median(await times(relay.client, relay.type, keys)))
      return times(peer.client, peer.type, keys)
    }
  )
  const compare = (name: string, pick: (times: ReadonlyArray<number>) => number, hold: number | null) =>
    figure({
      ...{ name, unit: "ms", better: "less" as const },
      ours: median(taken.ours.map(pick)),
      peer: { name: "attached tmux", value: median(taken.peer.map(pick)) },
      ...(hold === null ? {} : { hold: { ratio: hold }, note: `two bare Node programs that pass bytes on: ${median(floor).toFixed(3)} ms` })
    })
  // At most 1.5 times the peer's time is at least two thirds of its speed.
  return [compare("key echo, p50", median, 0.667), compare("key echo, p99", (all) => percentile(all, 0.99), null)]
}

/** One key after the other, each a moment after the last was seen: people do not type into a busy loop. */
const times = async (client: Pick<TerminalClient, "onBytes">, type: (key: string) => void, keys: number) => {
  const took: Array<number> = []
  for (let n = 0; n < keys; n++) {
    const key = String.fromCharCode(97 + (n % 26))
    const begun = performance.now()
    const back = seen(client, key, 5_000)
    type(key)
    await back
    took.push(performance.now() - begun)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  return took
}

/** A server of its own, without a status line, so that it repaints nothing but what the agent printed. */
const tmux = () => {
  const name = `reprise-bench-${process.pid}`
  const client: Pick<TerminalClient, "onBytes"> = { onBytes: () => {} }
  const ready = seen(client, "ready.", 10_000)
  const words = ["-L", name, "-f", "/dev/null", "set", "-g", "status", "off", ";", "new-session", echoing]
  const env = { PATH: process.env.PATH, TERM: "xterm-256color", LANG: "C.UTF-8" }
  const pty: IPty = spawn("tmux", words, { cols: 80, rows: 24, encoding: null, env })
  pty.onData((piece) => client.onBytes(piece as unknown as Buffer))
  return {
    client,
    ready,
    type: (key: string) => pty.write(key),
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => pty.onExit(resolve))
      execFileSync("tmux", ["-L", name, "kill-server"])
      await ended
    }
  }
}
