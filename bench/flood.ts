/** How fast a flood of output reaches one client, and what a client that stops reading costs the daemon and the agent. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type IncomingMessage, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { spawn } from "node-pty"
import { TestDaemon, until } from "../test/support/daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { rssBytes } from "./process-accounts.ts"
import { interleaved, median } from "./samples.ts"
import type { Size } from "./size.ts"
import { attached, seen, type TerminalClient } from "./terminal-client.ts"

const megabyte = 1_048_576
const endMark = "END.OF.FLOOD"

export const benchFlood = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  await using flood = await prepared(small ? 8 : 48)
  const rounds = small ? 2 : 5
  const terminal = await interleaved(rounds, () => flood.attachedClient(), flood.bare)
  const follower = await interleaved(rounds, () => flood.follower(), flood.bare)
  const skipped = median(terminal.ours.map((round) => round.skipped))
  const rates = (rounds: ReadonlyArray<{ readonly perSecond: number }>) => median(rounds.map(({ perSecond }) => perSecond))
  const common = { unit: "MB/s", better: "more", hold: { ratio: 0.8 } } as const
  return [
    figure({
      ...{ name: "flood to an attached terminal", ...common },
      ours: rates(terminal.ours),
      peer: { name: "node-pty", value: rates(terminal.peer) },
      note: skipped === 0 ? "every byte delivered" : `${(skipped * 100).toFixed(0)} % were skipped as a gap, and are not counted`
    }),
    figure({
      ...{ name: "flood to a follower of the output", ...common },
      ours: rates(follower.ours),
      peer: { name: "node-pty", value: rates(follower.peer) },
      note: "every byte delivered"
    })
  ]
}

export const benchStall = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  await using flood = await prepared(small ? 40 : 200)
  await flood.alone()
  const { ours, peer } = await interleaved(small ? 1 : 3, flood.stalledClient, flood.alone)
  const grown = (rounds: typeof ours) => median(rounds.map(({ grownBytes }) => grownBytes)) / megabyte
  const taken = (rounds: typeof ours) => median(rounds.map(({ tookMs }) => tookMs))
  return [
    figure({
      ...{ name: `daemon's growth, one stalled client, ${flood.megabytes} MB`, unit: "MB", better: "less" },
      ours: Math.max(0, grown(ours) - grown(peer)),
      hold: { most: 16 },
      note: `resident memory at its highest, beyond that of the same flood with no client at all, which grew by ${grown(peer).toFixed(1)} MB`
    }),
    figure({
      ...{ name: "the agent's own time beside a stalled client", unit: "ms", better: "less" },
      ours: taken(ours),
      peer: { name: "no client at all", value: taken(peer) },
      // Not slowed, within what two runs of the same thing differ by here.
      hold: { ratio: 0.9 }
    })
  ]
}

/** The agent waits for one key, prints a file like a build's log, and says how many milliseconds its printing took. */
const prepared = async (megabytes: number) => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-bench-"))
  const log = join(directory, "log")
  writeFileSync(log, textOf(Math.min(megabytes, 8) * megabyte))
  const files = Array.from({ length: Math.ceil(megabytes / 8) }, () => log).join(" ")
  const result = join(directory, "took")
  const began = "B=$(date +%s%N)"
  const told = `echo $(( ($(date +%s%N) - B) / 1000 )) > ${result}.tmp; mv ${result}.tmp ${result}`
  const agent = `stty raw -echo; printf ready.; head -c 1 > ${directory}/key; ${began}; cat ${files}; ${told}; printf ${endMark}; exec cat`
  const bytes = Math.ceil(megabytes / 8) * Math.min(megabytes, 8) * megabyte
  const daemon = await TestDaemon.started()

  const flooding = async <A>(use: (id: string) => Promise<A>): Promise<A> => {
    rmSync(result, { force: true })
    const { id } = await daemon.create(["sh", "-c", agent])
    await daemon.reaches(id, "runs", ({ phase, state }) => state === "streaming" && phase === "running")
    await until("the agent is ready", async () => (await daemon.output(id)).includes("ready."))
    try {
      return await use(id)
    } finally {
      await daemon.done("POST", `/v1/sessions/${id}/terminate`, {})
      await daemon.reaches(id, "is over", ({ state }) => state === "terminated")
    }
  }
  const tookMs = () => until("the agent is through", () => numberIn(result), 60_000)
  /** What the flood took, and what the daemon grew by meanwhile. */
  const weighed = async (id: string) => {
    const before = rssBytes(daemon.pid)
    let highest = before
    const watch = setInterval(() => {
      highest = Math.max(highest, rssBytes(daemon.pid))
    }, 20)
    await begin(id)
    const took = await tookMs().finally(() => clearInterval(watch))
    return { tookMs: took, grownBytes: Math.max(highest, rssBytes(daemon.pid)) - before }
  }
  const begin = (id: string) => daemon.done("POST", `/v1/sessions/${id}/input`, { text: "x" })

  return {
    megabytes: bytes / megabyte,
    attachedClient: () =>
      flooding(async (id) => {
        using client = await attached(daemon, id)
        const begun = performance.now()
        const arrived = seen(client, endMark)
        client.socket.send(Buffer.from("x"))
        const received = await arrived
        const took = performance.now() - begun
        return { perSecond: Math.min(received, bytes) / megabyte / (took / 1_000), skipped: skippedBy(client) / bytes }
      }),
    follower: () =>
      flooding(async (id) => {
        const client: Pick<TerminalClient, "onBytes"> = { onBytes: () => {} }
        const answer = await following(daemon, id)
        answer.on("data", (piece: Buffer) => client.onBytes(piece))
        const arrived = seen(client, endMark)
        const begun = performance.now()
        await begin(id)
        const received = await arrived
        answer.destroy()
        if (received < bytes) throw new Error(`${bytes - received} bytes are missing`)
        return { perSecond: bytes / megabyte / ((performance.now() - begun) / 1_000) }
      }),
    bare: async () => {
      const client: Pick<TerminalClient, "onBytes"> = { onBytes: () => {} }
      const ready = seen(client, "ready.", 10_000)
      const pty = spawn("sh", ["-c", agent], { cols: 80, rows: 24, encoding: null })
      pty.onData((piece) => client.onBytes(piece as unknown as Buffer))
      await ready
      const over = new Promise((resolve) => pty.onExit(resolve))
      const begun = performance.now()
      const arrived = seen(client, endMark)
      pty.write("x")
      await arrived
      const perSecond = bytes / megabyte / ((performance.now() - begun) / 1_000)
      process.kill(pty.pid, "SIGKILL")
      await over
      return { perSecond }
    },
    alone: () => flooding(weighed),
    /** The socket is not read from the hello on: what the kernel holds for it is all it gets. */
    stalledClient: () =>
      flooding(async (id) => {
        using client = await attached(daemon, id)
        client.socket.pause()
        return weighed(id)
      }),
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

const following = (daemon: TestDaemon, id: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const path = `${daemon.url}/v1/sessions/${id}/output?from=0&follow=true`
    request(path, { headers: { authorization: `Bearer ${daemon.token}` } }, resolve)
      .on("error", reject)
      .end()
  })

const skippedBy = ({ frames }: TerminalClient) =>
  frames.reduce((skipped, frame) => (frame.type === "gap" ? skipped + frame.to - frame.from : skipped), 0)

const textOf = (bytes: number) => {
  const line = (n: number) => `[${String(n).padStart(8)}] compiling a module of the program with \x1b[32mcolour\x1b[0m and words\r\n`
  return Array.from({ length: Math.ceil(bytes / line(0).length) }, (_, n) => line(n))
    .join("")
    .slice(0, bytes)
}

/** What the agent wrote down, in milliseconds. */
const numberIn = (path: string): number | null => {
  try {
    return Number(readFileSync(path, "utf8")) / 1_000
  } catch {
    return null
  }
}
