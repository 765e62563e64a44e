import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import { TestDaemon, until } from "../support/daemon.ts"

const program = join(import.meta.dirname, "../support/scripted-agent.ts")

/** A scripted agent that is up, and what it has written down. */
const agent = async (daemon: TestDaemon, habits: ReadonlyArray<string> = [], more: Readonly<Record<string, unknown>> = {}) => {
  const record = join(daemon.home, "record.jsonl")
  const { id } = await daemon.create([process.execPath, program, `record=${record}`, ...habits], more)
  await until("the agent is ready", async () => (await daemon.output(id)).includes("ready"))
  await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
  /** Whole lines alone: the agent may be writing the next one. Nothing else is passed over. */
  const saw = () => {
    const written = existsSync(record) ? readFileSync(record, "utf8") : ""
    const lines = written
      .slice(0, written.lastIndexOf("\n") + 1)
      .split("\n")
      .slice(0, -1)
    return lines.map((line) => (JSON.parse(line) as { text: string }).text)
  }
  return { id, saw }
}

const send = (daemon: TestDaemon, id: string, prompt: Readonly<Record<string, unknown>>) =>
  daemon.done("POST", `/v1/sessions/${id}/prompts`, prompt) as Promise<PromptView>
const fate = (daemon: TestDaemon, id: string, promptId: string) =>
  until(
    `the fate of ${promptId}`,
    async () => {
      const { data } = (await daemon.done("GET", `/v1/sessions/${id}/prompts?limit=1000`)) as { data: ReadonlyArray<PromptView> }
      const view = data.find((prompt) => prompt.id === promptId)
      return view !== undefined && ["answered", "rejected", "cancelled", "expired", "uncertain"].includes(view.state) ? view : null
    },
    40_000
  )
const states = ({ steps }: PromptView) => steps.map(({ state }) => state)

describe("a prompt to an agent that says what it does", () => {
  it("goes from the queue to its answer, each step with its evidence", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon)
    await send(daemon, id, { id: "p", text: "hello" })
    const view = await fate(daemon, id, "p")
    assert.deepStrictEqual(states(view), ["queued", "claimed", "written", "submitted", "accepted", "answered"])
    assert.deepStrictEqual(
      view.steps.slice(-2).map(({ source }) => source),
      ["protocol", "protocol"]
    )
    assert.deepStrictEqual(saw(), ["hello"])
    assert.strictEqual((await daemon.session(id)).activity, "idle")
  })

  it("is answered where the agent says `idle` at the end of a turn, and never `done`", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await agent(daemon, ["rests", "asks=dangerous"])
    await send(daemon, id, { id: "p", text: "hello" })
    assert.strictEqual((await fate(daemon, id, "p")).state, "answered")
    await send(daemon, id, { id: "q", text: "something dangerous" })
    await daemon.reaches(id, "waiting", ({ activity }) => activity === "waiting")
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "y\r" })
    assert.strictEqual((await fate(daemon, id, "q")).state, "answered")
  })

  it("is cancelled where a client interrupts the turn of such an agent", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await agent(daemon, ["rests", "heeds", "work=20000"])
    await send(daemon, id, { id: "p", text: "hello" })
    await daemon.reaches(id, "working", ({ activity }) => activity === "working")
    await daemon.done("POST", `/v1/sessions/${id}/interrupt`, {})
    assert.strictEqual((await fate(daemon, id, "p")).state, "cancelled")
  })

  it("arrives byte for byte: twenty kilobytes of lines, emoji and an escape", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon)
    const text = Array.from({ length: 400 }, (_, n) => `line ${n} \u{1f680} äöü \x1b[31mred\x1b[0m and some more words`).join("\n")
    assert.isAbove(Buffer.byteLength(text), 20_000)
    await send(daemon, id, { id: "long", text })
    assert.strictEqual((await fate(daemon, id, "long")).state, "answered")
    assert.deepStrictEqual(saw(), [text])
  })

  it("turns an agent's words on by answering its question, once", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon, ["asked"])
    await daemon.reaches(id, "idle by its own word", ({ activity }) => activity === "idle")
    await send(daemon, id, { id: "p", text: "now you talk" })
    assert.strictEqual((await fate(daemon, id, "p")).state, "answered")
    assert.deepStrictEqual(saw(), ["now you talk"])
  })

  it("is rejected when the agent ate its Enter, and nothing presses it again", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon, ["eats=1"])
    await send(daemon, id, { id: "eaten", text: "typed and not submitted" })
    const view = await fate(daemon, id, "eaten")
    assert.strictEqual(view.state, "rejected")
    assert.deepStrictEqual(saw(), [])
  }, 60_000)

  it("waits while the agent asks a question, and nothing is typed into the question", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon, ["asks=risky"])
    await send(daemon, id, { id: "risky", text: "risky business" })
    const asking = await daemon.reaches(id, "asking", ({ activity }) => activity === "waiting")
    assert.strictEqual(asking.evidence?.question, "may I?")
    await send(daemon, id, { id: "next", text: "patience", deliver: "now" })
    assert.strictEqual((await daemon.session(id)).prompts.queued, 1)
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "y", keys: ["enter"] })
    assert.strictEqual((await fate(daemon, id, "next")).state, "answered")
    assert.deepStrictEqual(saw(), ["risky business", "patience"])
  })

  it("is uncertain when the agent died in its turn, and is not sent again to the next generation", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon, ["dies=fatal", "work=50"], { keepalive: { mode: "on_crash", baseMs: 200 } })
    await send(daemon, id, { id: "fatal", text: "fatal", onUncertain: "resend" })
    await send(daemon, id, { id: "after", text: "still there?" })
    const view = await fate(daemon, id, "fatal")
    assert.strictEqual(view.state, "uncertain")
    assert.strictEqual((await fate(daemon, id, "after")).state, "answered")
    assert.deepStrictEqual(saw(), ["fatal", "still there?"])
    assert.strictEqual((await daemon.session(id)).generation, 2)
  })
})

describe("a prompt to an agent that says nothing of itself", () => {
  it("ends uncertain, and was typed once", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon, ["silent"])
    await send(daemon, id, { id: "p", text: "anybody?" })
    const view = await fate(daemon, id, "p")
    assert.strictEqual(view.state, "uncertain")
    assert.deepStrictEqual(states(view), ["queued", "claimed", "written", "submitted", "uncertain"])
    assert.deepStrictEqual(saw(), ["anybody?"])
  }, 60_000)
})

describe("prompts of four clients with retries, while the daemon is killed", () => {
  it("each arrive once and whole, or are called uncertain and were seen at most once", async () => {
    await using daemon = await TestDaemon.started()
    const { id, saw } = await agent(daemon)
    // `PROMPT_SOAK=1`: two hundred, and twenty deaths of the daemon.
    const [clients, each, kills] = process.env.PROMPT_SOAK === undefined ? [4, 15, 6] : [4, 50, 20]
    const texts = new Map<string, string>()
    let done = 0
    const client = async (who: number) => {
      for (let n = 0; n < each; n++) {
        const promptId = `c${who}-${n}`
        const text = `${promptId} ${"says something of some length ".repeat(20)}end of ${promptId}`
        texts.set(promptId, text)
        // As a client does: again and again under the same name, until a daemon answers.
        await until(
          `${promptId} is taken`,
          async () => {
            const answer = await daemon.ask("POST", `/v1/sessions/${id}/prompts`, { id: promptId, text }).catch(() => null)
            return answer !== null && answer.status < 300
          },
          60_000
        )
        done += 1
      }
    }
    const killer = async () => {
      for (let kill = 0; kill < kills; kill++) {
        const until = Math.floor(((kill + 1) * clients * each) / (kills + 1))
        while (done < until) await new Promise((resolve) => setTimeout(resolve, 2))
        await daemon.kill()
        await daemon.start()
      }
    }
    await Promise.all([killer(), ...Array.from({ length: clients }, (_, who) => client(who))])
    const seen = new Map<string, number>()
    for (const [promptId, text] of texts) {
      const { state, steps } = await fate(daemon, id, promptId)
      const times = saw().filter((each) => each === text).length
      seen.set(state, (seen.get(state) ?? 0) + 1)
      assert.include(["answered", "uncertain"], state)
      if (state === "answered") assert.strictEqual(times, 1, `${promptId}: ${JSON.stringify(steps)}`)
      else assert.isAtMost(times, 1, promptId)
    }
    assert.strictEqual(
      saw().every((text) => [...texts.values()].includes(text)),
      true,
      "something arrived that was not whole"
    )
    assert.isAbove(seen.get("answered") ?? 0, (clients * each) / 2)
    if (process.env.PROMPT_SOAK !== undefined) console.log(`${kills} kills: ${JSON.stringify([...seen])}`)
  }, 400_000)
})
