/** A provider that a user described in JSON, under the real daemon: launched, prompted, asked, killed and resumed by what it says. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import { describeProviders, scriptedProvider } from "../support/scripted-provider.ts"

/** A daemon that knows the scripted agent, with these habits, as `mine`. */
const daemonWith = async (habits: (home: string) => ReadonlyArray<string>, more: Readonly<Record<string, unknown>> = {}) => {
  const daemon = new TestDaemon()
  describeProviders(daemon.home, [scriptedProvider("mine", habits(daemon.home), more)])
  return daemon.start()
}
const create = async (daemon: TestDaemon, more: Readonly<Record<string, unknown>> = {}) =>
  (await daemon.done("POST", "/v1/sessions", { provider: "mine", cwd: "/tmp", ...more })) as SessionView
const send = (daemon: TestDaemon, id: string, prompt: Readonly<Record<string, unknown>>) =>
  daemon.done("POST", `/v1/sessions/${id}/prompts`, prompt) as Promise<PromptView>
const fate = (daemon: TestDaemon, id: string, promptId: string) =>
  until(
    `the fate of ${promptId}`,
    async () => {
      const view = (await daemon.done("GET", `/v1/sessions/${id}/prompts/${promptId}`)) as PromptView
      return ["answered", "rejected", "cancelled", "expired", "uncertain"].includes(view.state) ? view : null
    },
    30_000
  )
const lines = (path: string): ReadonlyArray<unknown> =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : []
const texts = (home: string) => (lines(join(home, "record")) as ReadonlyArray<{ text: string }>).map(({ text }) => text)
const sources = async (daemon: TestDaemon, id: string) =>
  (await daemon.events(id)).filter(({ type }) => type === "ActivityChanged").map(({ data }) => `${data.activity} ${data.source}`)

/** What draws a dialog, within a string of a program. */
const permission = (command: string) => `\\x1b[2J\\x1b[HBash(${command})\\r\\n\\r\\nMay I do it?\\r\\n\\r\\n❯ 1. Yes\\r\\n  2. No\\r\\n`

describe("an agent that a user described", () => {
  it("is given twenty kilobytes of lines, emoji and escapes as one message, byte for byte, however it shows them", async () => {
    await using daemon = await daemonWith((home) => [`record=${join(home, "record")}`, "bracketed", "collapses", "chatty", "start=700"])
    const text = Array.from({ length: 400 }, (_, n) => `line ${n} \u{1f680} äöü \x1b[31mred\x1b[0m\ta tab, and a few more words`).join("\n")
    assert.isAbove(Buffer.byteLength(text), 20_000)
    const { id } = await create(daemon, { prompt: text })
    assert.strictEqual((await fate(daemon, id, "first")).state, "answered")
    assert.deepStrictEqual(texts(daemon.home), [text])
    assert.include(await daemon.output(id), "[pasted 400 lines]")
  })

  it("gets no Enter of a prompt into a dialog that opens before it, and the prompt is uncertain", async () => {
    const habits = (home: string) => [`record=${join(home, "record")}`, `answers=${join(home, "answers")}`, "bracketed", "opens=delete"]
    const submit = { ...scriptedProvider("mine").submit, enterAfterMs: 5_000 }
    await using daemon = await daemonWith(habits, { submit })
    const { id } = await create(daemon)
    await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    await send(daemon, id, { id: "p", text: "delete nothing" })
    const { state, steps } = await fate(daemon, id, "p")
    assert.strictEqual(state, "uncertain")
    assert.match(String(steps.at(-1)?.detail), /Enter was not pressed/)
    assert.strictEqual((await daemon.session(id)).activity, "waiting")
    assert.deepStrictEqual(lines(join(daemon.home, "answers")), [])
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "\x1b[B\r" })
    await until("the dialog is answered", () => Promise.resolve(lines(join(daemon.home, "answers")).length > 0))
    assert.deepStrictEqual(lines(join(daemon.home, "answers")), ["Keep all"])
    assert.deepStrictEqual(texts(daemon.home), [])
  })

  it("gets no prompt behind the text of another one that stayed in its composer", async () => {
    const habits = (home: string) => [`record=${join(home, "record")}`, "bracketed", "opens=delete"]
    const submit = { ...scriptedProvider("mine").submit, enterAfterMs: 2_000 }
    await using daemon = await daemonWith(habits, { submit })
    const { id } = await create(daemon)
    await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    await send(daemon, id, { id: "p", text: "delete nothing" })
    await until("its Enter is withheld", async () => (await daemon.session(id)).typing?.promptId === "p")
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "\x1b" })
    await send(daemon, id, { id: "q", text: "hello" })
    await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    const waiting = (await daemon.done("GET", `/v1/sessions/${id}/prompts/q`)) as PromptView
    assert.deepStrictEqual([waiting.state, waiting.waits?.code], ["queued", "typing"])
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "\r" })
    assert.strictEqual((await fate(daemon, id, "q")).state, "answered")
    assert.deepStrictEqual(texts(daemon.home), ["delete nothing", "hello"])
  })

  it("gets no Enter of a prompt into a dialog that opens before it while no daemon is there", async () => {
    const habits = (home: string) => [
      ...[`record=${join(home, "record")}`, `answers=${join(home, "answers")}`, "bracketed", "collapses"],
      ...["opens=delete", "hesitates=700"]
    ]
    const submit = { ...scriptedProvider("mine").submit, enterAfterMs: 1_000 }
    await using daemon = await daemonWith(habits, { submit })
    const { id } = await create(daemon)
    await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    await send(daemon, id, { id: "p", text: "delete nothing" })
    await until("its text is typed", async () => (await daemon.output(id)).includes("[pasted"))
    await daemon.kill()
    // Longer than the pause before Enter, and than the agent hesitates.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await daemon.start()
    const { state, steps } = await fate(daemon, id, "p")
    assert.strictEqual(state, "uncertain")
    assert.match(String(steps.at(-1)?.detail), /Enter was not pressed/)
    assert.strictEqual((await daemon.session(id)).activity, "waiting")
    assert.deepStrictEqual(lines(join(daemon.home, "answers")), [])
  })

  it("gets no Enter of a prompt into a dialog that opens while its daemon is stopped", async () => {
    const habits = (home: string) => [`answers=${join(home, "answers")}`, "bracketed", "collapses", "opens=delete", "hesitates=4500"]
    const submit = { ...scriptedProvider("mine").submit, enterAfterMs: 4_000 }
    await using daemon = await daemonWith(habits, { submit })
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await create(daemon)).id))
    for (const id of ids) await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    await Promise.all(ids.map((id) => send(daemon, id, { id: "p", text: "delete nothing" })))
    for (const id of ids) await until("its text is typed", async () => (await daemon.output(id)).includes("[pasted"))
    process.kill(daemon.pid, "SIGSTOP")
    // Longer than the pause before Enter, and than the agents hesitate.
    await new Promise((resolve) => setTimeout(resolve, 5_500))
    process.kill(daemon.pid, "SIGCONT")
    for (const id of ids) {
      const { state, steps } = await fate(daemon, id, "p")
      assert.strictEqual(state, "uncertain")
      assert.match(String(steps.at(-1)?.detail), /Enter was not pressed/)
    }
    assert.deepStrictEqual(lines(join(daemon.home, "answers")), [])
  }, 60_000)

  it("gets Enter from the next daemon where the first one is gone before it, once", async () => {
    const submit = { ...scriptedProvider("mine").submit, enterAfterMs: 1_000 }
    await using daemon = await daemonWith((home) => [`record=${join(home, "record")}`, "bracketed", "collapses"], { submit })
    const { id } = await create(daemon)
    await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    await send(daemon, id, { id: "p", text: "hello" })
    await until("its text is typed", async () => (await daemon.output(id)).includes("[pasted"))
    await daemon.kill()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    assert.deepStrictEqual(texts(daemon.home), [])
    await daemon.start()
    assert.strictEqual((await fate(daemon, id, "p")).state, "answered")
    assert.deepStrictEqual(texts(daemon.home), ["hello"])
  })

  it("is known by its own words, else by its title, else by its screen, and else not at all", async () => {
    const kinds = [
      [[], "protocol"],
      [["titled"], "osc"],
      [["drawn"], "screen"]
    ] as const
    const { evidence } = scriptedProvider("mine")
    for (const [habits, source] of kinds) {
      // Where a composer can be seen, no title says before it that the agent is ready.
      const more = source === "osc" ? { evidence: { ...evidence, screen: [] } } : {}
      await using daemon = await daemonWith((home) => [`record=${join(home, "record")}`, "bracketed", "work=1500", ...habits], more)
      const { id } = await create(daemon)
      await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
      await send(daemon, id, { id: "p", text: "hello" })
      const view = await fate(daemon, id, "p")
      assert.strictEqual(view.state, "answered", source)
      assert.deepStrictEqual(texts(daemon.home), ["hello"])
      const heard = await sources(daemon, id)
      assert.includeMembers([...heard], [`idle ${source}`, `working ${source}`], heard.join("; "))
    }
    await using daemon = await daemonWith((home) => [`record=${join(home, "record")}`, "silent", "bracketed"], {
      ready: { firstOutput: true, aliveMs: null }
    })
    const { id } = await create(daemon)
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await send(daemon, id, { id: "p", text: "anybody?" })
    assert.strictEqual((await fate(daemon, id, "p")).state, "uncertain")
    assert.strictEqual((await daemon.session(id)).activity, "unknown")
    assert.deepStrictEqual(texts(daemon.home), ["anybody?"])
  }, 90_000)

  it("asks, and is answered by another daemon than the one that saw the question", async () => {
    const habits = (home: string) => [
      `record=${join(home, "record")}`,
      `answers=${join(home, "answers")}`,
      "asks=risky",
      "offers=Yes|No",
      "bracketed"
    ]
    await using daemon = await daemonWith(habits)
    const { id } = await create(daemon, { prompt: "risky" })
    const asked = await daemon.reaches(id, "asks", ({ question }) => (question?.choices.length ?? 0) === 2)
    await daemon.kill()
    await daemon.start()
    const still = await daemon.session(id)
    assert.deepStrictEqual(still.question, asked.question)
    // What is not an answer waits.
    await send(daemon, id, { id: "later", text: "and then this", deliver: "now" })
    await send(daemon, id, { id: "answer", text: "no", answers: asked.question?.id })
    assert.strictEqual((await fate(daemon, id, "answer")).state, "answered")
    assert.strictEqual((await fate(daemon, id, "later")).state, "answered")
    assert.deepStrictEqual(lines(join(daemon.home, "answers")), ["No"])
    assert.deepStrictEqual(texts(daemon.home), ["risky", "and then this"])
  })

  it("gets no Enter of a prompt into a dialog that it draws as soon as the text comes, where its screen alone shows it", async () => {
    const program = `
      process.stdin.setRawMode(true)
      process.stdin.on("data", (keys) => {
        if (keys.includes("hello")) process.stdout.write("${permission("rm -rf /")}")
        if (keys.includes(13)) process.stdout.write("took Enter")
      })
      process.stdout.write("> composer\\r\\n")`
    const { evidence, submit } = scriptedProvider("mine")
    const command = [process.execPath, "-e", program, "--"]
    const more = { command, evidence: { ...evidence, titles: [] }, submit: { ...submit, enterAfterMs: 150 } }
    await using daemon = await daemonWith(() => [], more)
    const { id } = await create(daemon)
    await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
    await send(daemon, id, { id: "p", text: "hello" })
    const { state, steps } = await fate(daemon, id, "p")
    await send(daemon, id, { id: "q", text: "more" })
    assert.notInclude(await daemon.output(id), "more")
    assert.deepStrictEqual([state, /Enter was not pressed/.test(String(steps.at(-1)?.detail))], ["uncertain", true])
    assert.notInclude(await daemon.output(id), "took Enter")
  })

  it("gets no answer to a question into the next one that differs from it in what stands above it", async () => {
    const program = `
      process.stdin.setRawMode(true)
      process.stdin.on("data", (key) => { if (key.includes(49)) process.stdout.write("took one") })
      process.stdout.write("${permission("ls")}")
      setTimeout(() => process.stdout.write("${permission("rm -rf /")}"), 3000)`
    const more = { command: [process.execPath, "-e", program, "--"], evidence: { ...scriptedProvider("mine").evidence, titles: [] } }
    await using daemon = await daemonWith(() => [], more)
    const { id } = await create(daemon)
    const { question } = await daemon.reaches(id, "asks", (view) => view.question?.choices.length === 2)
    await until("the next dialog is drawn", async () => (await daemon.output(id)).includes("rm -rf"))
    await daemon.reaches(id, "asks anew", (view) => view.question !== null && view.question.id !== question!.id)
    const late = await daemon.ask("POST", `/v1/sessions/${id}/prompts`, { text: "allow", answers: question!.id })
    assert.deepStrictEqual([late.status, (late.body as { readonly code: string }).code], [409, "question_closed"])
    assert.notInclude(await daemon.output(id), "took one")
  })

  it("gets an answer only once its dialog is drawn, where its rules leave the choices to their rows", async () => {
    const { evidence } = scriptedProvider("mine")
    const screen = evidence.screen.map(({ choices: _, ...rule }) => rule)
    await using daemon = await daemonWith(
      (home) => [`record=${join(home, "record")}`, `answers=${join(home, "answers")}`, "asks=risky", "offers=Yes|No", "draws=1200"],
      { evidence: { ...evidence, screen } }
    )
    const { id } = await create(daemon, { prompt: "risky" })
    const asked = await daemon.reaches(id, "asks", ({ question }) => question !== null && question !== undefined)
    assert.deepStrictEqual(asked.question?.choices, [])
    await send(daemon, id, { id: "answer", text: "allow", answers: asked.question?.id })
    assert.strictEqual((await fate(daemon, id, "answer")).state, "answered")
    assert.deepStrictEqual(lines(join(daemon.home, "answers")), ["Yes"])
  })

  it("goes on with its conversation after a crash, whose output repeats its history and is not believed", async () => {
    const habits = (home: string) => [
      `record=${join(home, "record")}`,
      `history=${join(home, "history")}`,
      "dies=deadly",
      "bracketed",
      "work=300"
    ]
    await using daemon = await daemonWith(habits, { keepalive: { mode: "on_crash", baseMs: 100 } })
    const { id } = await create(daemon, { prompt: "remember this" })
    assert.strictEqual((await fate(daemon, id, "first")).state, "answered")
    const { conversation } = await daemon.session(id)
    await send(daemon, id, { id: "last", text: "deadly" })
    const back = await daemon.reaches(id, "back", ({ activity, generation }) => generation === 2 && activity === "idle")
    assert.strictEqual(back.conversation?.id, conversation?.id)
    assert.strictEqual(back.abandoned?.prompt, "last")
    assert.match(await daemon.output(id), new RegExp(`> remember this\\s+> deadly\\s+ready resume=${conversation?.id}`))
    assert.strictEqual((await fate(daemon, id, "last")).state, "uncertain")
    // Offered, and not repeated: it would kill the agent again.
    assert.deepStrictEqual(texts(daemon.home), ["remember this", "deadly"])
  })

  it("stays what it was for its sessions when its file is gone, and is unknown to new ones", async () => {
    await using daemon = await daemonWith((home) => [`record=${join(home, "record")}`, "bracketed"])
    const { id } = await create(daemon, { prompt: "one" })
    await fate(daemon, id, "first")
    await daemon.kill()
    rmSync(join(daemon.home, "providers"), { recursive: true })
    await daemon.start()
    await daemon.done("POST", `/v1/sessions/${id}/reload`, {})
    await daemon.reaches(id, "reloaded", ({ activity, generation }) => generation === 2 && activity === "idle")
    await send(daemon, id, { id: "two", text: "two\nlines" })
    assert.strictEqual((await fate(daemon, id, "two")).state, "answered")
    assert.deepStrictEqual(texts(daemon.home), ["one", "two\nlines"])
    assert.strictEqual((await daemon.ask("POST", "/v1/sessions", { provider: "mine", cwd: "/tmp" })).status, 400)
  })

  it("is swept with its private directory, though it ignores every signal that can be ignored", async () => {
    const work = mkdtempSync(join(tmpdir(), "reprise-own-"))
    try {
      await using daemon = await daemonWith(() => ["stubborn", "bracketed"])
      const { id } = await create(daemon, { cwd: work })
      await daemon.reaches(id, "idle", ({ activity }) => activity === "idle")
      const own = join(daemon.home, "sessions", id, "agent")
      assert.isTrue(existsSync(join(own, "work")))
      mkdirSync(join(own, "work", "more"))
      await daemon.done("POST", `/v1/sessions/${id}/terminate`, {})
      await daemon.reaches(id, "terminated", ({ state }) => state === "terminated")
      await until("its directory is gone", () => !existsSync(own))
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  })
})
