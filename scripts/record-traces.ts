/** Makes `test/traces` again from real runs of the real daemon: to be run when the format changes, and read before it is committed. */
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { PromptView } from "../src/domain/prompt-view.ts"
import { TestDaemon, until } from "../test/support/daemon.ts"
import { pin } from "../test/support/recorder.ts"
import { counter } from "../test/support/soak.ts"

/** Where the recordings say that they were made: no path of the machine that made them. */
const bench = mkdtempSync(join(tmpdir(), "reprise-agent-"))
symlinkSync(process.execPath, join(bench, "node"))
copyFileSync(join(import.meta.dirname, "../test/support/scripted-agent.ts"), join(bench, "agent.ts"))

/** An agent that takes prompts, up and idle where it says so. */
const agent = async (daemon: TestDaemon, habits: ReadonlyArray<string>, more: Readonly<Record<string, unknown>> = {}) => {
  const { id } = await daemon.create([join(bench, "node"), join(bench, "agent.ts"), ...habits], more)
  await until("the agent is ready", async () => (await daemon.output(id)).includes("ready"))
  await daemon.reaches(
    id,
    "streaming",
    ({ activity, state }) => state === "streaming" && (habits.includes("silent") || activity === "idle")
  )
  return id
}
const send = (daemon: TestDaemon, id: string, prompt: Readonly<Record<string, unknown>>) =>
  daemon.done("POST", `/v1/sessions/${id}/prompts`, prompt)
const becomes = (daemon: TestDaemon, id: string, promptId: string, state: PromptView["state"]) =>
  until(
    `${promptId} is ${state}`,
    async () => {
      const view = (await daemon.done("GET", `/v1/sessions/${id}/prompts/${promptId}`)) as PromptView
      return view.steps.some((step) => step.state === state)
    },
    40_000
  )

const runs: Readonly<Record<string, { readonly title: string; readonly run: (daemon: TestDaemon) => Promise<string> }>> = {
  shell: {
    title: "a shell is typed into, resized, renamed, interrupted and left",
    run: async (daemon) => {
      const { id } = await daemon.create(["bash", "--norc"])
      await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "sleep 100", keys: ["enter"] })
      await daemon.done("POST", `/v1/sessions/${id}/resize`, { cols: 100, rows: 30 })
      await daemon.done("PATCH", `/v1/sessions/${id}`, { name: "renamed", labels: { team: "a" }, idleStopMs: 600_000 })
      await daemon.done("POST", `/v1/sessions/${id}/interrupt`, {})
      await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "exit", keys: ["enter"] })
      await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      await daemon.done("POST", `/v1/sessions/${id}/archive`, {})
      await daemon.done("POST", `/v1/sessions/${id}/unarchive`, {})
      await daemon.done("POST", `/v1/sessions/${id}/terminate`, {})
      return id
    }
  },
  "crash-loop": {
    title: "an agent crashes at once, is relaunched three times, given up, resumed and given up again",
    run: async (daemon) => {
      const { id } = await daemon.create(["bash", "--norc", "-c", "echo born; exit 3"], {
        keepalive: { mode: "on_crash", baseMs: 200, maxAttempts: 3 }
      })
      await daemon.reaches(id, "given up", ({ phase }) => phase === "given_up")
      await daemon.done("POST", `/v1/sessions/${id}/resume`, {})
      await daemon.reaches(id, "given up again", ({ generation, phase }) => phase === "given_up" && generation === 8)
      return id
    }
  },
  "deaf-tree": {
    title: "a stop climbs its ladder while the daemon is killed under it",
    run: async (daemon) => {
      const { id } = await daemon.create(
        ["bash", "--norc", "-c", "trap '' HUP TERM; (trap '' HUP TERM; sleep 300) & echo up; while :; do read -rt 1 _; done"],
        {
          stop: { ladder: [{ step: "hangup", signals: ["SIGHUP", "SIGCONT"], waitMs: 1_500 }, { step: "kill" }] }
        }
      )
      await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      await daemon.done("POST", `/v1/sessions/${id}/stop`, { reason: "enough" })
      await until("the first step", async () => (await daemon.types(id)).includes("StopStepTaken"))
      await daemon.kill()
      await daemon.start()
      await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      return id
    }
  },
  restarts: {
    title: "an agent outlives three daemons, and a stop in the backoff keeps it down",
    run: async (daemon) => {
      const { id } = await daemon.create(counter, { keepalive: { mode: "always", baseMs: 5_000 } })
      const { process: agent } = await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      for (let kills = 0; kills < 3; kills++) {
        await daemon.kill()
        await daemon.start()
      }
      await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "x" })
      process.kill(agent!.pid, "SIGKILL")
      await daemon.reaches(id, "backing off", ({ phase }) => phase === "backing_off")
      await daemon.kill()
      await daemon.start()
      await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
      return id
    }
  },
  prompts: {
    title: "prompts are answered, edited, moved to the front, cancelled and expire while the agent works",
    run: async (daemon) => {
      const id = await agent(daemon, ["work=400", "asks=permission"])
      await send(daemon, id, { id: "first", text: "begin" })
      await becomes(daemon, id, "first", "accepted")
      await send(daemon, id, { id: "second", text: "wait" })
      await send(daemon, id, { id: "third", text: "ask for a permission", from: "ada" })
      await send(daemon, id, { id: "fourth", text: "never mind", deliver: "idle" })
      await daemon.done("PATCH", `/v1/sessions/${id}/prompts/second`, { text: "wait a little" })
      await daemon.done("PATCH", `/v1/sessions/${id}/prompts/third`, { place: "front" })
      await daemon.done("DELETE", `/v1/sessions/${id}/prompts/fourth`)
      await daemon.reaches(id, "a question", ({ activity }) => activity === "waiting")
      await send(daemon, id, { id: "fifth", text: "too late", expiresInMs: 1_000 })
      await becomes(daemon, id, "fifth", "expired")
      await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "y", keys: ["enter"] })
      await becomes(daemon, id, "second", "answered")
      await daemon.done("POST", `/v1/sessions/${id}/terminate`, {})
      await daemon.reaches(id, "terminated", ({ state }) => state === "terminated")
      return id
    }
  },
  "prompt-restarts": {
    title: "the daemon is killed in the middle of a turn, and the agent in the middle of the next",
    run: async (daemon) => {
      const id = await agent(daemon, ["work=1500", "dies=die"], { keepalive: { mode: "on_crash", baseMs: 200, maxAttempts: 3 } })
      await send(daemon, id, { id: "outlives", text: "work on" })
      await becomes(daemon, id, "outlives", "accepted")
      await daemon.kill()
      await daemon.start()
      await becomes(daemon, id, "outlives", "answered")
      await send(daemon, id, { id: "deadly", text: "die" })
      await becomes(daemon, id, "deadly", "accepted")
      await send(daemon, id, { id: "after", text: "and then", onUncertain: "resend" })
      await becomes(daemon, id, "deadly", "uncertain")
      await becomes(daemon, id, "after", "answered")
      await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      return id
    }
  },
  "prompt-doubt": {
    title: "an agent that says nothing of itself is sent a prompt, and its fate cannot be known",
    run: async (daemon) => {
      const id = await agent(daemon, ["silent"])
      await send(daemon, id, { id: "doubtful", text: "are you there" })
      await becomes(daemon, id, "doubtful", "uncertain")
      await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
      await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      return id
    }
  },
  unlaunchable: {
    title: "a session that is kept alive is given up at once, since its program is gone",
    run: async (daemon) => {
      const program = join(bench, "gone")
      symlinkSync("/bin/sleep", program)
      const { id } = await daemon.create([program, "0.5"], { keepalive: { mode: "always", baseMs: 200 } })
      await daemon.reaches(id, "streaming or over", ({ state }) => state !== "starting")
      rmSync(program)
      await daemon.reaches(id, "given up", ({ phase }) => phase === "given_up")
      await daemon.done("POST", `/v1/sessions/${id}/terminate`, {})
      return id
    }
  }
}

const wanted = process.argv.slice(2)
for (const [name, { run, title }] of Object.entries(runs)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  await using daemon = await TestDaemon.started()
  const id = await run(daemon)
  await pin(daemon, id, name, title)
  console.log(`${name}: ${title}`)
}
rmSync(bench, { recursive: true })
