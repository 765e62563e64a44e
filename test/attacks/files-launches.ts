/** Attacks of agents by what lies in launch directories: claims, identities, journals, epochs, sockets. The daemon starts again in most. */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { identityOf, isAlive } from "../../src/infra/holder/process-table.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { HostileAgent, lives, pipeAt, sparseAt } from "./hostile-agent.ts"
import { endHoldersIn } from "./refusals.ts"

/** The daemon is killed, the agent writes, and another daemon starts: it is ready, and a session beside it is adopted. */
const restarted = (
  id: string,
  does: string,
  promise: string,
  write: (agent: HostileAgent, launch: string) => unknown,
  check: (agent: HostileAgent) => Promise<string> = async (agent) => `the session is ${(await agent.daemon.session(agent.id)).state}`
): Attack => ({
  id,
  attacker: "agent",
  does,
  promise,
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    const bystander = await daemon.create(["cat"])
    await daemon.reaches(bystander.id, "streams", ({ state }) => state === "streaming")
    using stack = new DisposableStack()
    await using agent = await HostileAgent.of(daemon)
    stack.defer(() => endHoldersIn(daemon.home))
    await daemon.kill()
    await write(agent, join(agent.directory, "g1"))
    await daemon.start()
    const { state } = await daemon.session(bystander.id)
    if (state !== "streaming") throw new Error(`the session beside it is ${state}`)
    await daemon.done("POST", `/v1/sessions/${bystander.id}/input`, { text: "still here\r" })
    await until("the session beside it echoes", async () => (await daemon.output(bystander.id)).includes("still here"))
    return await check(agent)
  }
})

/** Ends the agent and its holder as a crash does. */
const killLaunch = async (launch: string) => {
  const owner = JSON.parse(readFileSync(join(launch, "owner"), "utf8"))
  const identity = JSON.parse(readFileSync(join(launch, "identity.json"), "utf8"))
  for (const { pid } of [owner.process, identity.process]) process.kill(pid, "SIGKILL")
  await until("they are gone", () => !isAlive(owner.process) && !isAlive(identity.process))
}

const isOver = async ({ daemon, id }: HostileAgent) => {
  const { state } = await daemon.reaches(id, "is over", ({ state }) => state === "ended")
  return `the session is ${state}`
}

const epochs = ["9007199254740991", "abc", "[]", "-1", "1e400", '"7"', "x".repeat(1_000_000)]

/** Agents that run already hold their own files open. */
const replacedPrograms: ReadonlyArray<readonly [does: string, replace: (directory: string) => void]> = [
  [
    "replaces the holder's program",
    (directory) => {
      for (const file of readdirSync(directory)) if (file.endsWith(".cjs")) rmSync(join(directory, file))
      writeFileSync(join(directory, "holder.cjs"), "process.exit(3)")
    }
  ],
  [
    "replaces the Node that holders run on",
    (directory) => {
      rmSync(join(directory, "node"), { force: true })
      writeFileSync(join(directory, "node"), "#!/bin/sh\nexit 3\n", { mode: 0o755 })
    }
  ],
  [
    "removes the holder's terminal library",
    (directory) => {
      rmSync(join(directory, "holder.cjs"), { force: true })
      rmSync(join(directory, "prebuilds"), { recursive: true, force: true })
    }
  ],
  [
    "puts a file in the place of the holder's folder",
    (directory) => {
      rmSync(directory, { recursive: true })
      writeFileSync(directory, "")
    }
  ]
]

export const launches: ReadonlyArray<Attack> = [
  ...epochs.map((text, index) =>
    restarted(
      `files-${50 + index}`,
      `writes ${text.slice(0, 20)} as its launch's epoch`,
      "takes its own next epoch",
      (_, launch) => writeFileSync(join(launch, "epoch"), text),
      async ({ daemon }) => {
        const { epoch } = (await daemon.done("GET", "/healthz")) as { readonly epoch: number }
        if (!(epoch >= 2 && epoch < 1_000)) throw new Error(`the epoch is ${epoch}`)
        return `epoch ${epoch}`
      }
    )
  ),
  restarted("files-57", "makes its launch's epoch, owner, identity and journal pipes", "starts without them", (_, launch) => {
    for (const name of ["epoch", "owner", "identity.json", "journal.ndjson"]) pipeAt(join(launch, name))
  }),
  restarted("files-58", "makes its launch's files links to /dev/zero", "starts without them", (_, launch) => {
    for (const name of ["epoch", "owner", "identity.json", "journal.ndjson"]) {
      rmSync(join(launch, name), { force: true })
      symlinkSync("/dev/zero", join(launch, name))
    }
  }),
  restarted("files-59", "makes its launch's files 40 GB each, sparse", "starts without them", (_, launch) => {
    for (const name of ["epoch", "owner", "identity.json", "journal.ndjson"]) sparseAt(join(launch, name), 40 * 2 ** 30)
  }),
  restarted(
    "files-60",
    "dies, and leaves a journal whose entries have the wrong shape",
    "says that it is over",
    async (_, launch) => {
      await killLaunch(launch)
      const entries = [{ n: 1, wallMs: 1, offset: 0, event: { type: "spawned" } }, { n: "2" }, null, 7]
      writeFileSync(join(launch, "journal.ndjson"), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""))
    },
    isOver
  ),
  restarted(
    "files-61",
    "dies, and leaves a journal that is no text",
    "says that it is over",
    async (_, launch) => {
      await killLaunch(launch)
      writeFileSync(join(launch, "journal.ndjson"), Buffer.alloc(100_000, 0xff))
    },
    isOver
  ),
  restarted(
    "files-62",
    "dies, and leaves a claim that names another session's holder",
    "signals no process that does not work in that launch",
    async (agent, launch) => {
      await killLaunch(launch)
      const stranger = spawn("sleep", ["600"], { stdio: "ignore" })
      writeFileSync(join(agent.folder, "stranger"), String(stranger.pid))
      rmSync(join(launch, "identity.json"))
      rmSync(join(launch, "journal.ndjson"))
      const owner = JSON.parse(readFileSync(join(launch, "owner"), "utf8"))
      writeFileSync(join(launch, "owner"), JSON.stringify({ ...owner, process: identityOf(stranger.pid!) }))
    },
    async (agent) => {
      const pid = Number(readFileSync(join(agent.folder, "stranger"), "utf8"))
      await agent.daemon.ask("POST", `/v1/sessions/${agent.id}/kill`, {})
      const stranger = identityOf(pid)
      if (stranger === null || !isAlive(stranger)) throw new Error("the stranger was ended")
      process.kill(pid, "SIGKILL")
      return "the other process lives"
    }
  ),
  restarted(
    "files-63",
    "replaces its holder's socket by one that answers without end",
    "breaks off, and leaves all others alone",
    async (agent, launch) => {
      rmSync(join(launch, "sock"))
      const flood = createServer((socket) => {
        socket.on("error", () => {})
        const more = () => {
          while (!socket.destroyed && socket.write(`{"type":"entry","entry":{"n":1}}\n${"x".repeat(60_000)}`)) {}
        }
        socket.on("drain", more)
        more()
      })
      flood.listen(join(launch, "sock"))
      flood.unref()
      floods.set(agent.id, flood)
    },
    async (agent) => {
      const outcome = await lives(agent.daemon)
      floods.get(agent.id)?.close()
      return outcome
    }
  ),
  restarted("files-64", "adds pipes, files and odd names to sessions/", "looks at sessions alone", ({ daemon }) => {
    const folder = join(daemon.home, "sessions")
    for (const name of ["s-zzzzzzzzzzzz", "x".repeat(255), "\n", "s-0000000000001", "..."]) pipeAt(join(folder, name))
    for (let index = 0; index < 5_000; index++) mkdirSync(join(folder, `junk-${index}`))
    for (const name of ["g0", "g-1", "g1e3", "g999999999999999999999", "gx"])
      mkdirSync(join(folder, "s-000000000000", name), { recursive: true })
  }),
  {
    id: "files-65",
    attacker: "agent",
    does: "takes the directory of its next launch with a claim of its own",
    promise: "fails that launch by name, and no other",
    run: async ({ daemon }) => {
      await using agent = await HostileAgent.of(daemon)
      await agent.stop()
      const next = join(agent.directory, "g2")
      mkdirSync(next)
      writeFileSync(join(next, "owner"), JSON.stringify({ nonce: "0", process: identityOf(process.pid), role: "holder" }))
      await daemon.ask("POST", `/v1/sessions/${agent.id}/resume`, {})
      const outcome = await lives(daemon, 1_500)
      await daemon.ask("POST", `/v1/sessions/${agent.id}/kill`, {})
      if (identityOf(process.pid) === null) throw new Error("unreachable")
      return outcome
    }
  },
  {
    id: "files-66",
    attacker: "agent",
    does: "puts a file where the directory of its next launch will be",
    promise: "fails that launch by name",
    run: async ({ daemon }) => {
      await using agent = await HostileAgent.of(daemon)
      await agent.stop()
      writeFileSync(join(agent.directory, "g2"), "in the way")
      const { exit, state } = await agent.relaunch()
      return `the session is ${state}, ${exit?.cause}; ${await lives(daemon)}`
    }
  },
  {
    id: "files-67",
    attacker: "local user",
    does: "reads the command lines of holders",
    promise: "names no session and no nonce there",
    run: async ({ daemon, bystander }) => {
      const launch = join(daemon.home, "sessions", bystander.id, "g1")
      const { process: holder, nonce } = JSON.parse(readFileSync(join(launch, "owner"), "utf8"))
      const words = readFileSync(`/proc/${holder.pid}/cmdline`, "utf8")
      if (words.includes(bystander.id) || words.includes(nonce)) throw new Error(words.replaceAll("\0", " "))
      return `${words.split("\0").length - 1} words, none of them an id`
    }
  },
  ...replacedPrograms.map(
    ([does, replace], index): Attack => ({
      id: `files-${69 + index}`,
      attacker: "agent",
      does,
      promise: "names the folder in its log, lays the program again, and launches agents",
      isAlone: true,
      run: async () => {
        await using daemon = await TestDaemon.started()
        const first = await daemon.create(["cat"])
        await daemon.reaches(first.id, "streams", ({ state }) => state === "streaming")
        for (const folder of ["holders", "hooks"]) {
          if (!existsSync(join(daemon.home, folder))) continue
          for (const build of readdirSync(join(daemon.home, folder))) replace(join(daemon.home, folder, build))
        }
        await daemon.kill()
        await daemon.start()
        const { id } = await daemon.create(["sh", "-c", "echo launched; exec cat"])
        await until("the agent prints", async () => (await daemon.output(id)).includes("launched"))
        if (!daemon.log.includes("had other content")) throw new Error("the log does not name it")
        return "the session streams"
      }
    })
  ),
  {
    id: "files-68",
    attacker: "machine",
    does: "deletes the checkout that the daemon was started from",
    promise: "has holders run on a program and a Node of the home",
    run: async ({ daemon, bystander }) => {
      const { process: holder } = JSON.parse(readFileSync(join(daemon.home, "sessions", bystander.id, "g1", "owner"), "utf8"))
      const node = readlinkSync(`/proc/${holder.pid}/exe`)
      const isOfPackage = realpathSync(process.execPath).includes("/node_modules/")
      if (isOfPackage && !node.startsWith(`${realpathSync(daemon.home)}/`)) throw new Error(`the holder runs on ${node}`)
      return isOfPackage ? "both lie in the home" : "the Node is the system's own"
    }
  }
]

const floods = new Map<string, ReturnType<typeof createServer>>()
