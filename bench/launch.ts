/** From the request for a session to the first byte of its agent, and from the agent's exit to the client that follows the log. */
import { request } from "node:http"
import { spawn } from "node-pty"
import { TestDaemon } from "../test/support/daemon.ts"
import { eventsOf } from "./event-client.ts"
import { type Figure, figure } from "./figure.ts"
import { interleaved, median, worst } from "./samples.ts"
import type { Size } from "./size.ts"

export const benchLaunch = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  await using daemon = await TestDaemon.started()
  const once = () => firstOutput(daemon)
  await once()
  const taken = await interleaved(small ? 5 : 31, once, bareFirstOutput)
  const answered = median(taken.ours.map((each) => each.answeredMs))
  const first = figure({
    ...{ name: "create to first output, p50", unit: "ms", better: "less" },
    ours: median(taken.ours.map((each) => each.firstMs)),
    peer: { name: "node-pty spawn", value: median(taken.peer) },
    hold: { most: 60 },
    note: `the create itself is answered in ${answered.toFixed(1)} ms`
  })
  return [first, ...(await exits(daemon, small ? 5 : 30))]
}

/** Both clocks begin with the request; the output is followed as soon as the session has a name. */
const firstOutput = async (daemon: TestDaemon) => {
  const begun = performance.now()
  const { id } = await daemon.create(living)
  const answeredMs = performance.now() - begun
  await new Promise<void>((resolve, reject) => {
    const asked = request(`${daemon.url}/v1/sessions/${id}/output?from=0&follow=true`, {
      headers: { authorization: `Bearer ${daemon.token}` }
    })
    asked.on("response", (answer) => {
      answer.once("data", () => {
        resolve()
        asked.destroy()
      })
    })
    asked.on("error", reject)
    asked.end()
  })
  const firstMs = performance.now() - begun
  await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  await daemon.reaches(id, "is over", ({ state }) => state === "ended")
  return { answeredMs, firstMs }
}

const bareFirstOutput = async () => {
  const begun = performance.now()
  const pty = spawn(living[0], living.slice(1), { cols: 80, rows: 24 })
  const over = new Promise((resolve) => pty.onExit(resolve))
  await new Promise((resolve) => pty.onData(resolve))
  const took = performance.now() - begun
  process.kill(pty.pid, "SIGKILL")
  await over
  return took
}

/** An agent that greets and stays. */
const living = ["sh", "-c", "echo hello; exec sleep 1000"] as const

/** After a key, the agent prints the time as its last word; its shell needs a moment more to exit, which counts against us. */
const dying = "stty -echo; echo; read -r _; date +%s%N; exit 7"

const exits = async (daemon: TestDaemon, rounds: number): Promise<ReadonlyArray<Figure>> => {
  using events = await eventsOf(daemon)
  const took: Array<number> = []
  let right = 0
  for (let round = 0; round < rounds; round++) {
    const { id } = await daemon.create(["sh", "-c", dying])
    await daemon.reaches(id, "runs", ({ phase, state }) => state === "streaming" && phase === "running")
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "\n" })
    const exited = await events.until(`${id} has exited`, ({ session, type }) => session === id && type === "ProcessExited")
    if (exited.event.data.code === 7) right += 1
    const lastWord = Number((await daemon.output(id)).trim()) / 1e6
    took.push(exited.seenAt - lastWord)
    await daemon.reaches(id, "is over", ({ state }) => state === "ended")
  }
  return [
    figure({
      ...{ name: "exit to its report, worst", unit: "ms", better: "less", ours: worst(took) },
      hold: { most: 100 },
      note: `median ${median(took).toFixed(1)} ms; code 7 in ${right} of ${rounds}`
    }),
    figure({
      ...{ name: "exit codes that were not reported as 7", unit: "", better: "less", ours: rounds - right },
      hold: { most: 0 }
    })
  ]
}
