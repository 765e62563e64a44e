/** What every agent must live through under a daemon that knows it, written once: each agent's file says only in what it differs. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"
import type { SessionView } from "../../src/domain/view.ts"
import { processesOf } from "../support/daemon.ts"
import { pin } from "../support/recorder.ts"
import { type AgentName, pinned } from "./installed.ts"
import { Stage } from "./stage.ts"

export interface Habits {
  /** What the daemon learns its activity from. */
  readonly sources: ReadonlyArray<string>
  /** Whether it asks a person before it runs a command. */
  readonly asks: boolean
  /** Whether it can branch a conversation; else a fork begins a new one, and says so. */
  readonly forks: boolean
  /** What it is sure to know after a crash: some rewrite their history when a turn is interrupted. */
  readonly remembers?: ReadonlyArray<string>
  /** Its command for a list of models, which no hook of it reports; absent: not tried. */
  readonly models?: string
}

const everything = ["the boat is blue", "the kite is red [slow 4000]"]

/** The agent as the daemon knows it: every promise that the daemon makes of an agent. */
export const chain = (name: AgentName, { asks, forks, models, remembers = everything, sources }: Habits) =>
  describe(`${pinned[name].package} ${pinned[name].version}`, () => {
    let stage: Stage
    let id: string
    let broken = false
    beforeAll(async () => {
      stage = await Stage.opened(name)
      id = (await stage.launched()).id
    })
    // Each step finds the agent as the one before left it: after the first failure the others would only report that.
    beforeEach(({ skip }) => skip(broken, "an earlier step failed"))
    afterEach(({ task }) => {
      broken ||= task.result?.state === "fail"
    })
    afterAll(async () => stage?.[Symbol.asyncDispose]())

    const conversationOf = async (session: string) => (await stage.daemon.session(session)).conversation?.id

    it("is ready because it says so", async () => {
      const { evidence } = await stage.idle(id)
      assert.include(sources, evidence?.source)
    })

    it("takes a prompt, answers it, and both are known from it", async () => {
      const { steps } = await stage.answered(id, await stage.prompt(id, "the boat is blue"))
      const told = steps.filter(({ state }) => state === "accepted" || state === "answered")
      assert.deepStrictEqual(
        told.map(({ state }) => state),
        ["accepted", "answered"]
      )
      for (const { source } of told) assert.include(sources, source)
      assert.deepStrictEqual((await stage.asked("the boat is blue")).said, ["the boat is blue"])
      assert.isString(await conversationOf(id))
    })

    it.runIf(asks)("asks for a permission, and goes on when a prompt allows it", async () => {
      const work = await stage.prompt(id, "please [run touch asked.txt]")
      const { question } = await stage.asks(id, "touch asked.txt")
      assert.strictEqual(question?.kind, "permission")
      assert.isFalse(existsSync(join(stage.scratch.cwd, "asked.txt")))
      await stage.prompt(id, "allow", { answers: question!.id })
      await stage.answered(id, work)
      assert.isTrue(existsSync(join(stage.scratch.cwd, "asked.txt")))
    })

    it.runIf(asks)("does not do what a prompt denies", async () => {
      await stage.prompt(id, "please [run touch denied.txt]")
      const { question } = await stage.asks(id, "touch denied.txt")
      await stage.prompt(id, "deny", { answers: question!.id })
      await stage.idle(id)
      assert.isFalse(existsSync(join(stage.scratch.cwd, "denied.txt")))
    })

    it.runIf(models !== undefined)("holds a prompt back while a person has a dialog open, and not where it quotes one", async () => {
      await stage.answered(id, await stage.prompt(id, "say: Do you trust this folder? Press Enter to continue"))
      await stage.answered(id, await stage.prompt(id, "nothing holds this back"))
      await stage.types(id, models!)
      const { question } = await stage.reaches(id, "waiting", ({ activity }) => activity === "waiting")
      const held = await stage.prompt(id, "after the dialog")
      assert.strictEqual((await stage.prompted(id, held.id))?.state, "queued")
      assert.strictEqual(question?.kind, "input")
      await stage.daemon.done("POST", `/v1/sessions/${id}/input`, { keys: ["escape"] })
      await stage.answered(id, held)
    })

    it("drops its turn when it is interrupted, and the next prompt arrives as it was sent", async () => {
      // Before its first word: some agents then put the prompt back into their composer, where the next one would be appended to it.
      await stage.prompt(id, "count the sheep [hang]")
      const turn = await stage.asked("count the sheep [hang]")
      await stage.reaches(id, "working", ({ activity }) => activity === "working")
      await stage.daemon.done("POST", `/v1/sessions/${id}/interrupt`, {})
      await stage.idle(id)
      assert.strictEqual(turn.end, "aborted")
      await stage.answered(id, await stage.prompt(id, "never mind the sheep"))
      await stage.asked("never mind the sheep")
    })

    it("keeps its process and its prompt when the daemon dies in the middle of a turn", async () => {
      const { pid } = (await stage.daemon.session(id)).process!
      const kite = await stage.prompt(id, "the kite is red [slow 4000]")
      const turn = await stage.asked("the kite is red [slow 4000]")
      await stage.daemon.kill()
      await stage.daemon.start()
      assert.strictEqual((await stage.daemon.session(id)).process?.pid, pid)
      await stage.answered(id, kite)
      assert.strictEqual(turn.end, "answered")
      assert.lengthOf(
        stage.model.turns.filter(({ said }) => said.at(-1) === "the kite is red [slow 4000]"),
        1
      )
    })

    it("is relaunched into the same conversation when it is killed in the middle of a turn", async () => {
      const before = await stage.daemon.session(id)
      await stage.prompt(id, "the door is shut [slow 60000]")
      await stage.asked("the door is shut [slow 60000]")
      process.kill(before.process!.pid, "SIGKILL")
      await stage.reaches(id, "the next generation", ({ generation }) => generation === before.generation + 1)
      await stage.idle(id)
      const said = await stage.recalls(id, "after the crash [recall]")
      for (const text of remembers) assert.include(said, text)
      assert.strictEqual(await conversationOf(id), before.conversation?.id)
    })

    it("is one process, however many resume it", async () => {
      await stage.daemon.done("POST", `/v1/sessions/${id}/stop`, {})
      const { generation } = await stage.ended(id)
      const resume = () => stage.daemon.ask("POST", `/v1/sessions/${id}/resume`, {})
      const statuses = (await Promise.all([resume(), resume()])).map(({ status }) => status)
      assert.isTrue(statuses.some((status) => status < 300))
      const session = await stage.idle(id)
      assert.strictEqual(session.generation, generation + 1)
      const spawned = (await stage.daemon.events(id)).filter((event) => event.type === "ProcessSpawned" && event.generation > generation)
      assert.lengthOf(spawned, 1)
    })

    it.skipIf(forks)("has a fork that begins anew, and says so", async () => {
      const fork = await stage.daemon.done("POST", `/v1/sessions/${id}/fork`, {})
      assert.deepInclude((fork as SessionView).lineage as object, { parent: id, degraded: "provider_cannot_fork" })
      await stage.idle((fork as SessionView).id)
    })

    it.skipIf(!forks)("has a fork that knows everything, and never learns what the fork hears", async () => {
      const fork = (await stage.daemon.done("POST", `/v1/sessions/${id}/fork`, {})) as { readonly id: string }
      await stage.idle(fork.id)
      const said = await stage.recalls(fork.id, "in the fork [recall]")
      assert.include(said, "the boat is blue")
      assert.notInclude(await stage.recalls(id, "in the parent [recall]"), "in the fork [recall]")
      assert.notStrictEqual(await conversationOf(fork.id), await conversationOf(id))
    })

    it("leaves no process behind when it is stopped", async () => {
      await stage.daemon.done("POST", `/v1/sessions/${id}/stop`, {})
      await stage.ended(id)
      assert.deepStrictEqual(processesOf(id), [])
      // The whole life of it, to be decided again by every later version. `XDG_CACHE_HOME` names the folder that its program is run from.
      if (process.env.RECORD_TRACES !== undefined)
        await pin(stage.daemon, id, name, `${pinned[name].package} ${pinned[name].version} lives through the chain`)
    })
  })
