/** What every agent must live through as a mere command, written once: each agent's file says only in what it differs. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type AgentName, pinned } from "./installed.ts"
import { pause, Stage } from "./stage.ts"

export interface Bare {
  /** What its screen shows when it takes input. */
  readonly ready: RegExp
  readonly fresh: (conversation: string) => ReadonlyArray<string>
  readonly resume: (conversation: string) => ReadonlyArray<string>
  /** Its own name for the conversation, where it does not take ours. */
  readonly conversation?: (stage: Stage) => string
}

/** The agent as a program like any other: proves its configuration, the model and its own habits, without a rule of ours. */
export const bareChain = (name: AgentName, { conversation: named, fresh, ready, resume }: Bare) =>
  describe(`${pinned[name].package} ${pinned[name].version} as a mere command`, () => {
    const chosen = "3f0d8a52-7c1e-4b6f-9a44-5f2f1c9e7b10"
    let stage: Stage
    let id: string
    beforeAll(async () => {
      stage = await Stage.opened(name)
      id = (await stage.launchedBare(fresh(chosen))).id
    })
    afterAll(async () => stage?.[Symbol.asyncDispose]())

    it("takes what is typed when it shows its composer, and answers", async () => {
      await stage.shows(id, ready)
      // The composer is drawn a moment before it takes keys.
      await pause(1_000)
      await stage.types(id, "the boat is blue")
      await stage.asked("the boat is blue")
      await stage.shows(id, /\(\d+\)\s+the boat is blue/)
    })

    it("keeps its process and its answer when the daemon dies in the middle of a turn", async () => {
      const { pid } = (await stage.daemon.session(id)).process!
      await stage.types(id, "the kite is red [slow 4000]")
      await stage.asked("the kite is red [slow 4000]")
      await stage.daemon.kill()
      await stage.daemon.start()
      assert.strictEqual((await stage.daemon.session(id)).process?.pid, pid)
      await stage.shows(id, /\(\d+\)\s+the kite is red/)
      assert.lengthOf(
        stage.model.turns.filter(({ said }) => said.at(-1)?.startsWith("the kite")),
        1
      )
    })

    it("knows the conversation again after kill -9 in the middle of a turn", async () => {
      await stage.types(id, "the door is shut [slow 60000]")
      await stage.asked("the door is shut [slow 60000]")
      const conversation = named?.(stage) ?? chosen
      process.kill((await stage.daemon.session(id)).process!.pid, "SIGKILL")
      await stage.ended(id)
      const again = (await stage.launchedBare(resume(conversation))).id
      await stage.shows(again, ready)
      await stage.shows(again, /the kite is red/)
      await pause(1_000)
      await stage.types(again, "and now [recall]")
      const { said } = await stage.asked("and now [recall]")
      // Whether the prompt it died on is among them is a matter of milliseconds: Claude Code writes it down after it asked the model.
      assert.deepStrictEqual(
        said.filter((text) => !text.startsWith("the door")),
        ["the boat is blue", "the kite is red [slow 4000]", "and now [recall]"]
      )
    })
  })
