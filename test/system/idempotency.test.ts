import { assert, describe, it } from "@effect/vitest"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import { counter } from "../support/soak.ts"

const body = { command: counter, cwd: "/tmp" }
const fifty = (daemon: TestDaemon) =>
  Promise.all(Array.from({ length: 50 }, () => daemon.ask("POST", "/v1/sessions", body, { "idempotency-key": "k" }).catch(() => null)))

const only = async (daemon: TestDaemon) => {
  const { data } = (await daemon.done("GET", "/v1/sessions")) as { data: ReadonlyArray<{ id: string }> }
  assert.strictEqual(data.length, 1)
  return data[0]!.id
}

describe("fifty creates at once with one idempotency key", () => {
  it("make one session and fifty equal answers", async () => {
    await using daemon = await TestDaemon.started()
    const answers = await fifty(daemon)
    const id = await only(daemon)
    for (const answer of answers) {
      assert.strictEqual(answer?.status, 201)
      assert.deepStrictEqual(answer?.body, answers[0]?.body)
    }
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    assert.strictEqual(processesOf(id).length, 1)
  })

  it("make one session when the daemon is killed in between", async () => {
    await using daemon = await TestDaemon.started({ REPRISE_CRASH_AT: "append.after_commit:2" })
    await fifty(daemon)
    await until("the daemon is dead", async () => (await daemon.ask("GET", "/healthz").catch(() => null)) === null)
    await daemon.kill()
    await daemon.start()
    const answers = await fifty(daemon)
    const id = await only(daemon)
    for (const answer of answers) assert.strictEqual((answer as { body: { id: string } }).body.id, id)
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    assert.strictEqual(processesOf(id).length, 1)
  })

  it("refuse the key with another body", async () => {
    await using daemon = await TestDaemon.started()
    await fifty(daemon)
    const other = await daemon.ask("POST", "/v1/sessions", { ...body, name: "other" }, { "idempotency-key": "k" })
    assert.strictEqual(other.status, 422)
    await only(daemon)
  })
})

describe("an input with an idempotency key", () => {
  for (const place of ["append.after_commit", "effect.before", "effect.after", "reply.before"])
    it(`is answered again by what became of it when the daemon dies at ${place}`, async () => {
      await using daemon = await TestDaemon.started()
      const { id } = await daemon.create(["bash", "--norc", "-c", 'while read -r line; do echo "got $line"; done'])
      await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      await daemon.kill()
      await daemon.start({ REPRISE_CRASH_AT: `${place}:2` })
      const type = () => daemon.ask("POST", `/v1/sessions/${id}/input`, { text: "hello\n" }, { "idempotency-key": "i" }).catch(() => null)
      await type()
      await daemon.kill()
      await daemon.start()
      const answers = [await type(), await type()]
      const types = await daemon.types(id)
      assert.strictEqual(types.filter((name) => name === "InputAccepted").length, 1)
      assert.strictEqual(types.filter((name) => name === "InputWritten" || name === "InputFailed").length, 1)
      const isWritten = types.includes("InputWritten")
      for (const answer of answers) assert.strictEqual(answer?.status === 200, isWritten, JSON.stringify(answer?.body))
      if (isWritten) await until("the agent read it", async () => (await daemon.output(id)).includes("got hello"))
    }, 40_000)
})
