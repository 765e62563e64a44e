import { assert, describe, it } from "@effect/vitest"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"

/** A tree with every way to get out of sight: nohup, a session of its own, a double fork, a shell job, deaf to HUP and TERM. */
const escapists = `
set -m
nohup sleep 1001 >/dev/null 2>&1 &
setsid sleep 1002 &
( setsid bash -c 'sleep 1003 & disown; exec sleep 1004' & )
sleep 1005 &
bash -c 'trap "" HUP TERM; while :; do sleep 1; done' &
echo planted
while :; do read -rt 60 _; done
`

const planted = async (daemon: TestDaemon) => {
  const { id } = await daemon.create(["bash", "--norc", "-c", escapists], {
    stop: { ladder: [{ step: "hangup", signals: ["SIGHUP", "SIGCONT"], waitMs: 500 }, { step: "kill" }] },
    keepalive: { mode: "always", baseMs: 100 }
  })
  await until("the tree is planted", async () => (await daemon.output(id)).includes("planted"))
  const tree = await until("the whole tree is up", () => {
    const pids = processesOf(id)
    return pids.length >= 7 ? pids : null
  })
  return { id, tree }
}

const nothingLeft = async (daemon: TestDaemon, id: string) => {
  // The processes first: `ended` may not be said while one of them lives.
  const session = await daemon.session(id)
  if (session.state === "ended") assert.deepStrictEqual(processesOf(id), [])
  const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
  assert.deepStrictEqual(processesOf(id), [])
  assert.strictEqual(ended.exit?.cause, "stopped")
  const events = await daemon.events(id)
  const steps = events.filter(({ type }) => type === "StopStepTaken").map(({ data }) => data.step)
  const order = events.map(({ type }) => type)
  assert.isAbove(order.indexOf("GenerationEnded"), order.indexOf("StopStepTaken"))
  assert.strictEqual(events.filter(({ type }) => type === "LaunchIntended").length, 1)
  return { steps, events }
}

describe("a stop", () => {
  it("leaves nothing of a tree that tries to get away, reports each step, and says so last", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await planted(daemon)
    await daemon.done("POST", `/v1/sessions/${id}/stop`, { reason: "enough" })
    const { events, steps } = await nothingLeft(daemon, id)
    assert.deepStrictEqual(steps.slice(0, 1), ["hangup"])
    assert.include(steps, "kill")
    assert.strictEqual(events.at(-1)?.type, "GenerationEnded")
  })

  it("comes to the same end when the daemon is killed in the middle of the ladder", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await planted(daemon)
    await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
    await until("the first step is taken", async () => (await daemon.types(id)).includes("StopStepTaken"))
    await daemon.kill()
    await until("the holder ends the tree without a daemon", () => processesOf(id).length === 0)
    await daemon.start()
    const { steps } = await nothingLeft(daemon, id)
    assert.include(steps, "kill")
  })

  it("is a kill at once when a kill is asked for", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await planted(daemon)
    await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
    const { steps } = await nothingLeft(daemon, id)
    assert.deepStrictEqual(steps, ["kill"])
  })

  it("answers a second one by name, and a kill after it goes on to the last rung", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["bash", "--norc", "-c", "trap '' HUP; while :; do read -rt 60 _; done"], {
      stop: { ladder: [{ step: "hangup", signals: ["SIGHUP"], waitMs: 60_000 }, { step: "kill" }] }
    })
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
    const again = await daemon.ask("POST", `/v1/sessions/${id}/stop`, {})
    assert.strictEqual(again.status, 409)
    assert.deepInclude(again.body, { code: "already_stopping" })
    await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
    await daemon.reaches(id, "ended", ({ state }) => state === "ended")
    const dead = await daemon.ask("POST", `/v1/sessions/${id}/kill`, {})
    assert.strictEqual(dead.status, 409)
    assert.deepInclude(dead.body, { code: "already_ended" })
    assert.include(
      (dead.body as { allowed: ReadonlyArray<string> }).allowed.map((word) => word.toLowerCase()),
      "resume"
    )
  })
})
