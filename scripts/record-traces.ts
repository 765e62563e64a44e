/** Makes `test/traces` anew from real runs of the real daemon: to be run when facts gain a version, and read before it is committed. */

import { TestDaemon, until } from "../test/support/daemon.ts"
import { pin } from "../test/support/recorder.ts"
import { counter } from "../test/support/soak.ts"

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
  }
}

for (const [name, { run, title }] of Object.entries(runs)) {
  await using daemon = await TestDaemon.started()
  const id = await run(daemon)
  await daemon.kill("SIGTERM")
  await pin(daemon.home, id, name, title)
  console.log(`${name}: ${title}`)
}
