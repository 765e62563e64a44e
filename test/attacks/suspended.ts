/** Attacks by what keeps a terminal from being read: stopped processes, ctrl-z, and text that a person has not sent. */
import { readFileSync } from "node:fs"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { SessionView } from "../../src/domain/view.ts"
import { Attached } from "../support/attached-terminal.ts"
import { type TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0]

const begun = async (daemon: TestDaemon, command: ReadonlyArray<string>) => {
  const { id } = await daemon.create(command, { keepalive: { mode: "never" }, env: { PS1: "ready> " } })
  const { process: agent } = await daemon.reaches(id, "is up", ({ process, state }) => process !== null && state === "streaming", 30_000)
  return { id, pid: agent!.pid }
}

const ended = async (daemon: TestDaemon, id: string) => {
  await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  await daemon.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
}

const promptOf = async (daemon: TestDaemon, id: string, prompt: string) =>
  (await daemon.done("GET", `/v1/sessions/${id}/prompts/${prompt}`)) as PromptView

const isSuspended = ({ phase, suspended }: SessionView) => phase === "suspended" && suspended !== null

/** `stop` gives what goes on when it is continued. */
const stopped = (
  id: string,
  does: string,
  command: ReadonlyArray<string>,
  stop: (daemon: TestDaemon, id: string, pid: number) => Promise<unknown>
): Attack => ({
  id,
  attacker: "local user",
  does,
  promise: "shows `suspended`, types nothing into it, and lets it go on by `continue`",
  run: async ({ daemon }) => {
    const { id: session, pid } = await begun(daemon, command)
    await stop(daemon, session, pid)
    await daemon.reaches(session, "suspended", isSuspended, 20_000)
    const input = await daemon.ask("POST", `/v1/sessions/${session}/input`, { text: "into the void" })
    refuse(input.status === 409 && (input.body as { readonly code: string }).code === "suspended", `input: ${input.status}`)
    await daemon.done("POST", `/v1/sessions/${session}/prompts`, { id: "p", text: "echo later", deliver: "now" })
    const waiting = await promptOf(daemon, session, "p")
    refuse(waiting.state === "queued" && waiting.waits?.code === "suspended", JSON.stringify(waiting))
    await daemon.done("POST", `/v1/sessions/${session}/continue`, {})
    await daemon.reaches(session, "runs", ({ phase, suspended }) => phase === "running" && suspended === null, 20_000)
    await until("the prompt is typed", async () => (await promptOf(daemon, session, "p")).state !== "queued", 20_000)
    refuse(!(await daemon.output(session)).includes("void"), "the input was typed into a stopped process")
    const again = await daemon.ask("POST", `/v1/sessions/${session}/continue`, {})
    refuse(again.status === 409 && (again.body as { readonly code: string }).code === "not_suspended", `again: ${again.status}`)
    await ended(daemon, session)
    return "suspended, then running; the prompt was typed after"
  }
})

/** ctrl-z at an attached terminal, as a byte or as the Kitty protocol spells it. */
const stopKey = (id: string, spelling: string, key: string): Attack => ({
  id,
  attacker: "local user",
  does: `presses ctrl-z (${spelling}) at a terminal that is attached to a program`,
  promise: "stops the client alone, gives the terminal back, and draws again after `fg`",
  run: async ({ daemon }) => {
    const { id: session, pid } = await begun(daemon, ["bash", "--norc", "-c", "stty raw -echo; echo raw; exec cat -v"])
    await until("it is raw", async () => (await daemon.output(session)).includes("raw"))
    await using client = await Attached.to(daemon, session)
    await until("it is drawn", () => client.screen.includes("raw"))
    client.type(`a${key}b`)
    await until("the client is stopped", () => stateOf(client.pid) === "T")
    refuse(client.isCooked(), "the terminal was left raw")
    refuse(stateOf(pid) !== "T", "the agent was stopped")
    await until("what was typed before arrives", async () => (await daemon.output(session)).includes("a"))
    process.kill(client.pid, "SIGCONT")
    await until("the client runs", () => stateOf(client.pid) !== "T" && !client.isCooked())
    client.type("after")
    await until("it is typed", async () => (await daemon.output(session)).includes("after"))
    refuse(!(await daemon.output(session)).includes("^Z"), "ctrl-z reached the agent")
    await ended(daemon, session)
    return "the client is in state T, the agent is not; it goes on after SIGCONT"
  }
})

export const suspended: ReadonlyArray<Attack> = [
  stopped("suspended-01", "stops an agent by SIGSTOP", ["bash", "--norc"], async (_, _id, pid) => process.kill(pid, "SIGSTOP")),
  stopped("suspended-02", "stops an agent that reads lines by SIGSTOP", ["cat"], async (_, _id, pid) => process.kill(pid, "SIGSTOP")),
  stopped(
    "suspended-03",
    "stops the whole group that a shell runs in the foreground",
    ["bash", "--norc", "-c", "set -m; bash --norc -c 'echo child=$BASHPID.; cat' & wait; fg; sleep 1000"],
    async (daemon, session) => {
      const child = await until("it tells its pid", async () => /child=(\d+)\./.exec(await daemon.output(session))?.[1])
      process.kill(-Number(child), "SIGSTOP")
      const leader = (await daemon.session(session)).process!.pid
      process.kill(leader, "SIGSTOP")
    }
  ),
  {
    id: "suspended-04",
    attacker: "local user",
    does: "stops an agent right behind a prompt",
    promise: "calls the prompt uncertain",
    run: async ({ daemon }) => {
      const { id: session, pid } = await begun(daemon, ["bash", "--norc", "-c", "read line; sleep 1000"])
      await daemon.done("POST", `/v1/sessions/${session}/prompts`, { id: "p", text: "hello", deliver: "now" })
      await until("it is submitted", async () => (await promptOf(daemon, session, "p")).state === "submitted")
      process.kill(pid, "SIGSTOP")
      const { state } = await until("it is settled", async () => {
        const found = await promptOf(daemon, session, "p")
        return found.state === "submitted" ? null : found
      })
      refuse(state === "uncertain", state)
      refuse((await daemon.types(session)).includes("AgentSuspended"), "no fact tells of the stop")
      await ended(daemon, session)
      return state
    }
  },
  {
    id: "suspended-05",
    attacker: "local user",
    does: "stops an agent, and kills the daemon",
    promise: "shows `suspended` after the restart, and lets it go on",
    isAlone: true,
    run: async () => {
      const { TestDaemon: Daemon } = await import("../support/daemon.ts")
      await using daemon = await Daemon.started()
      const { id: session, pid } = await begun(daemon, ["cat"])
      process.kill(pid, "SIGSTOP")
      await daemon.reaches(session, "suspended", isSuspended, 20_000)
      await daemon.kill()
      await daemon.start()
      refuse(isSuspended(await daemon.session(session)), "it is forgotten")
      await daemon.done("POST", `/v1/sessions/${session}/continue`, {})
      await daemon.reaches(session, "runs", ({ phase }) => phase === "running", 20_000)
      await ended(daemon, session)
      return "suspended, then running"
    }
  },
  stopKey("suspended-06", "0x1a", "\x1a"),
  stopKey("suspended-07", "ESC[122;5u", "\x1b[122;5u"),
  {
    id: "suspended-08",
    attacker: "local user",
    does: "presses ctrl-z at a terminal that is attached to an interactive shell",
    promise: "leaves the key to the shell, which stops its job",
    run: async ({ daemon }) => {
      const { id: session } = await begun(daemon, ["bash", "--norc"])
      await using client = await Attached.to(daemon, session)
      await until("it is drawn", () => client.screen.includes("ready>"))
      client.type("sleep 1000\r")
      await new Promise((resolve) => setTimeout(resolve, 500))
      client.type("\x1a")
      await until("the shell stops its job", async () => (await daemon.output(session)).includes("Stopped"))
      refuse(stateOf(client.pid) !== "T", "the client was stopped")
      refuse((await daemon.session(session)).suspended === null, "a shell that takes its terminal back is no stopped agent")
      await ended(daemon, session)
      return "the shell says Stopped"
    }
  },
  {
    id: "suspended-09",
    attacker: "local user",
    does: "types half a line at an attached terminal, and sends a prompt from elsewhere",
    promise: "keeps the prompt, says why, and types it once the line is sent",
    run: async ({ daemon }) => {
      const { id: session } = await begun(daemon, ["cat"])
      await using client = await Attached.to(daemon, session)
      client.type("half a line")
      await daemon.reaches(session, "somebody types", ({ typing }) => typing !== null)
      await daemon.done("POST", `/v1/sessions/${session}/prompts`, { id: "p", text: "INJECTED", deliver: "now" })
      const waiting = await promptOf(daemon, session, "p")
      refuse(waiting.state === "queued" && waiting.waits?.code === "typing", JSON.stringify(waiting))
      client.type(" is whole now\r")
      await until("the prompt is typed", async () => (await daemon.output(session)).includes("INJECTED"))
      const output = await daemon.output(session)
      refuse(/half a line is whole now\r?\n/.test(output), JSON.stringify(output))
      refuse((await daemon.session(session)).typing === null, "the composer is not known to be empty")
      await ended(daemon, session)
      return waiting.waits?.code ?? ""
    }
  }
]
