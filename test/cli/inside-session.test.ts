import { assert, describe, it } from "vitest"
import { credentialsKeptBack } from "../../src/cli/environment.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import { executable } from "./support.ts"

const reprise = `${process.execPath} ${executable}`

describe("a command inside a session", () => {
  it("attaches no session to itself, and warns before it attaches another", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const other = await daemon.create(["bash", "--norc", "-c", "echo other; exec sleep 1000"])
    const script = `${reprise} --home ${daemon.home} attach $REPRISE_SESSION; echo "own code=$?"; exec ${reprise} --home ${daemon.home} attach --view ${other.id}`
    const { id } = await daemon.create(["bash", "--norc", "-c", script])
    await until(
      "the other is shown",
      async () => ((await daemon.output(id)).split("gives this one others")[1] ?? "").includes("other"),
      30_000
    )
    const shown = await daemon.output(id)
    assert.match(shown, /this terminal is s-\w+ already[\s\S]*own code=4/)
    assert.match(shown, /this terminal is a session itself \(s-\w+\): .* leaves the outer session first/)
  })

  it("reports to the daemon of its session, wherever that has its home", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["bash", "--norc", "-c", `${reprise} report --task testing; echo "code=$?"; exec sleep 1000`])
    await until("the report is made", async () => (await daemon.output(id)).includes("code="), 30_000)
    assert.include(await daemon.output(id), "code=0")
    assert.strictEqual((await daemon.session(id)).report?.task, "testing")
  })
})

describe("a key of an agent in the shell", () => {
  it("that is not passed is named", () => {
    const own = { ANTHROPIC_API_KEY: "k", OPENAI_API_KEY: "k", ANTHROPIC_AUTH_TOKEN: "" }
    assert.deepStrictEqual(credentialsKeptBack("claude-code", own, {}), ["ANTHROPIC_API_KEY"])
    assert.deepStrictEqual(credentialsKeptBack("claude-code", own, { ANTHROPIC_API_KEY: "" }), [])
    assert.deepStrictEqual(credentialsKeptBack("codex", own, {}), ["OPENAI_API_KEY"])
    assert.deepStrictEqual(credentialsKeptBack("command", own, {}), [])
  })
})
