/** Attacks of agents by what lies in their own session's directory: settings, output, screens, environment, attachments, texts. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { encodeRecord } from "../../src/infra/holder/index-record.ts"
import { segmentName } from "../../src/infra/holder/segments.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { HostileAgent, lives, outsideFile, pipeAt, sparseAt } from "./hostile-agent.ts"

const session = (id: string, does: string, promise: string, run: (agent: HostileAgent) => Promise<string>): Attack => ({
  id,
  attacker: "agent",
  does,
  promise,
  run: async ({ daemon }) => {
    await using agent = await HostileAgent.of(daemon)
    return await run(agent)
  }
})

const outputOf = ({ directory }: HostileAgent) => join(directory, "output")

/** The session's output can be asked for, and what it says is the session's own. */
const readsOutput = async (agent: HostileAgent) => {
  const { status } = await agent.daemon.ask("GET", `/v1/sessions/${agent.id}/output?from=0`)
  if (status >= 500) throw new Error(`its output was answered ${status}`)
  const screen = await agent.daemon.ask("GET", `/v1/sessions/${agent.id}/screen`)
  return `output ${status}, screen ${screen.status}; ${await lives(agent.daemon)}`
}

export const sessions: ReadonlyArray<Attack> = [
  session("files-20", "puts a link where its settings are, and is launched again", "replaces the link", async (agent) => {
    const outside = outsideFile(agent.folder)
    const names = readdirSync(join(agent.directory, "agent")).filter((name) => name.endsWith(".json"))
    for (const name of names) {
      rmSync(join(agent.directory, "agent", name))
      symlinkSync(outside.path, join(agent.directory, "agent", name))
    }
    await agent.stop()
    const { state } = await agent.relaunch()
    outside.assertIntact()
    return `${names.length} links; the session is ${state}`
  }),
  session(
    "files-21",
    "puts links under every temporary name that an older daemon took",
    "takes names that no other process can foresee",
    async (agent) => {
      const outside = outsideFile(agent.folder)
      const names = readdirSync(join(agent.directory, "agent")).filter((name) => name.endsWith(".json"))
      for (const name of [...names, "hooks.cursor"])
        symlinkSync(outside.path, join(agent.directory, "agent", `${name}.${agent.daemon.pid}.tmp`))
      await agent.stop()
      const { state } = await agent.relaunch()
      outside.assertIntact()
      return `the session is ${state}`
    }
  ),
  session("files-22", "puts a pipe at the cursor of its spool, and is launched again", "waits for none", async (agent) => {
    pipeAt(join(agent.directory, "agent", "hooks.cursor"))
    await agent.stop()
    const { state } = await agent.relaunch()
    return `the session is ${state}; ${await lives(agent.daemon)}`
  }),
  session(
    "files-23",
    "makes its private directory a link to another",
    "writes nothing through it, and fails that launch by name",
    async (agent) => {
      const outside = join(agent.folder, "outside")
      mkdirSync(outside)
      await agent.stop()
      renameSync(join(agent.directory, "agent"), join(agent.directory, "before"))
      symlinkSync(outside, join(agent.directory, "agent"))
      const { state } = await agent.relaunch()
      const written = readdirSync(outside)
      if (written.length > 0) throw new Error(`${written.join(", ")} was written outside`)
      return `the session is ${state}`
    }
  ),
  session("files-24", "makes its spool of hooks a link to the daemon's token", "reads no link", async (agent) => {
    const spool = join(agent.directory, "agent", "hooks", "spool.ndjson")
    rmSync(spool, { force: true })
    symlinkSync(join(agent.daemon.home, "token"), spool)
    await agent.stop()
    await agent.relaunch()
    const outcome = await lives(agent.daemon)
    if (agent.daemon.log.includes(readFileSync(join(agent.daemon.home, "token"), "utf8").trim()))
      throw new Error("the token stands in the log")
    return outcome
  }),
  session("files-25", "leaves 100 MB of one line in its spool of hooks", "reads it slice by slice", async (agent) => {
    sparseAt(join(agent.directory, "agent", "hooks", "spool.ndjson"), 100 * 2 ** 20)
    return await lives(agent.daemon, 2_000)
  }),
  session("files-26", "adds output/ffffffffffffffff.out", "passes it over", async (agent) => {
    writeFileSync(join(outputOf(agent), "ffffffffffffffff.out"), "x")
    writeFileSync(join(outputOf(agent), "ffffffffffffffff.idx"), "x")
    const outcome = await readsOutput(agent)
    await agent.stop()
    const { state } = await agent.relaunch()
    if (state === "ended") throw new Error("it was not launched")
    return outcome
  }),
  session("files-27", "adds an empty segment at 100 TB, and is launched again", "goes on where the output ended", async (agent) => {
    writeFileSync(join(outputOf(agent), `${segmentName(10 ** 14)}.out`), "")
    await agent.stop()
    await agent.relaunch()
    const { headers } = await agent.daemon.ask("GET", `/v1/sessions/${agent.id}/output?from=0`)
    const { length } = await agent.daemon.output(agent.id)
    if (length > 10 ** 6) throw new Error(`the output has ${length} bytes`)
    return `the output has ${length} bytes (${headers.get("content-type")})`
  }),
  session("files-28", "puts links where the next segment will be", "writes to none of them", async (agent) => {
    const outside = outsideFile(agent.folder)
    await agent.stop()
    for (const name of readdirSync(outputOf(agent))) rmSync(join(outputOf(agent), name))
    for (const end of ["out", "idx"]) symlinkSync(outside.path, join(outputOf(agent), `${segmentName(0)}.${end}`))
    const { state } = await agent.relaunch()
    outside.assertIntact()
    return `the session is ${state}`
  }),
  session(
    "files-29",
    "makes its output a link to another directory",
    "keeps nothing there, and fails that launch by name",
    async (agent) => {
      const outside = join(agent.folder, "outside")
      mkdirSync(outside)
      await agent.stop()
      rmSync(outputOf(agent), { recursive: true })
      symlinkSync(outside, outputOf(agent))
      const { exit, state } = await agent.relaunch()
      if (readdirSync(outside).length > 0) throw new Error("output was kept outside")
      return `the session is ${state}, ${exit?.cause}`
    }
  ),
  session("files-30", "makes pipes of its segments", "reads none of them", async (agent) => {
    for (const name of readdirSync(outputOf(agent))) pipeAt(join(outputOf(agent), name))
    return await readsOutput(agent)
  }),
  session("files-31", "makes its index 40 GB of nothing", "looks at a bounded number of records", async (agent) => {
    for (const name of readdirSync(outputOf(agent))) if (name.endsWith(".idx")) sparseAt(join(outputOf(agent), name), 40 * 2 ** 30)
    return await readsOutput(agent)
  }),
  session("files-32", "confirms a terabyte of output in its index", "believes no such record", async (agent) => {
    const record = encodeRecord({ kind: "chunk", offset: 0, wallMs: Date.now(), length: 2 ** 40, crc: 0 })
    for (const name of readdirSync(outputOf(agent))) if (name.endsWith(".idx")) writeFileSync(join(outputOf(agent), name), record)
    return await readsOutput(agent)
  }),
  session("files-33", "adds 30,000 files to its output", "looks through a bounded number of names", async (agent) => {
    for (let index = 0; index < 30_000; index++) writeFileSync(join(outputOf(agent), `x${index}`), "")
    return await readsOutput(agent)
  }),
  session("files-34", "makes checkpoints of its screen a pipe, a directory and 40 GB", "draws without them", async (agent) => {
    const screens = join(agent.directory, "screens")
    mkdirSync(screens, { recursive: true })
    pipeAt(join(screens, `${segmentName(1)}.json`))
    mkdirSync(join(screens, `${segmentName(2)}.json`))
    sparseAt(join(screens, `${segmentName(3)}.json`), 40 * 2 ** 30)
    pipeAt(join(screens, "lost"))
    const { seq } = await agent.daemon.session(agent.id)
    const { status } = await agent.daemon.ask("GET", `/v1/sessions/${agent.id}/screen?at=${seq}`)
    if (status >= 500) throw new Error(`the screen was answered ${status}`)
    return `screen ${status}; ${await lives(agent.daemon)}`
  }),
  ...(["[]", '{"A":1}', '"text"', "{", '{"A=B":"c"}'] as const).map((text, index) =>
    session(`files-${35 + index}`, `makes its environment ${text}`, "fails the launch by name, and launches nothing", async (agent) => {
      await agent.stop()
      writeFileSync(join(agent.directory, "environment.json"), text)
      const { exit, state } = await agent.relaunch()
      if (state !== "ended") throw new Error("it was launched")
      return `the session is ${state}, ${exit?.cause}`
    })
  ),
  session("files-40", "makes its environment a pipe", "fails the launch by name", async (agent) => {
    await agent.stop()
    pipeAt(join(agent.directory, "environment.json"))
    const { state } = await agent.relaunch()
    if (state !== "ended") throw new Error("it was launched")
    return `the session is ${state}; ${await lives(agent.daemon)}`
  }),
  session(
    "files-41",
    "keeps its directories at mode 000 and fills them with 20,000 files when it is terminated",
    "removes what it can, off its event loop",
    async (agent) => {
      const folder = join(agent.directory, "agent", "deep")
      mkdirSync(folder)
      for (let index = 0; index < 20_000; index++) writeFileSync(join(folder, `${index}`), "")
      chmodSync(folder, 0)
      await agent.stop()
      await agent.daemon.done("POST", `/v1/sessions/${agent.id}/terminate`, {})
      return await lives(agent.daemon, 1_500)
    }
  ),
  session("files-42", "looks for the values of a terminated session's environment", "has erased them", async (agent) => {
    await agent.stop()
    await agent.daemon.done("POST", `/v1/sessions/${agent.id}/terminate`, {})
    await until("the environment is erased", () => !existsSync(join(agent.directory, "environment.json")), 10_000)
    const { status } = await agent.daemon.ask("POST", `/v1/sessions/${agent.id}/fork`, {})
    if (status !== 409) throw new Error(`a fork of it was answered ${status}`)
    return "erased; a fork is 409"
  }),
  {
    id: "files-43",
    attacker: "agent",
    does: "makes the text of a queued prompt a pipe",
    promise: "rejects that prompt by name",
    run: async ({ daemon, bystander }) => {
      const { hash } = (await daemon
        .done("POST", `/v1/sessions/${bystander.id}/prompts`, { text: "never typed", deliver: "now" })
        .catch(() => ({ hash: "" }))) as { readonly hash?: string }
      const folder = join(daemon.home, "texts")
      const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.length > 60) : []
      for (const name of names) pipeAt(join(folder, name))
      return `${names.length} texts${hash === undefined ? "" : ""}; ${await lives(daemon)}`
    }
  },
  {
    id: "files-44",
    attacker: "agent",
    does: "describes a provider in a pipe, a link to /dev/zero and a file of 40 GB",
    promise: "starts, and names the files that it does not take",
    isAlone: true,
    run: async () => {
      await using daemon = new TestDaemon()
      const folder = join(daemon.home, "providers")
      mkdirSync(folder)
      pipeAt(join(folder, "pipe.json"))
      symlinkSync("/dev/zero", join(folder, "zero.json"))
      sparseAt(join(folder, "large.json"), 40 * 2 ** 30)
      await daemon.start()
      const { body } = await daemon.ask("GET", "/v1/providers")
      const named = ["pipe", "zero", "large"].filter((name) => JSON.stringify(body).includes(`${name}.json`))
      if (named.length !== 3) throw new Error(`named: ${named.join(", ")}`)
      return "3 files named"
    }
  }
]
