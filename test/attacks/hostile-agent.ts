/** An agent that does what this user can do: it writes to its own session's directory, to its transcripts, and says so by its hooks. */
import { execFileSync } from "node:child_process"
import { createHmac } from "node:crypto"
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import { type TestDaemon, until } from "../support/daemon.ts"

export class HostileAgent implements AsyncDisposable {
  readonly daemon: TestDaemon
  readonly folder: string
  readonly id: string
  /** What the daemon keeps of the session. */
  readonly directory: string
  readonly conversation: string
  /** Where its provider keeps conversations. */
  readonly projects: string

  private constructor(daemon: TestDaemon, folder: string, { conversation, id }: SessionView) {
    this.daemon = daemon
    this.folder = folder
    this.id = id
    this.directory = join(daemon.home, "sessions", id)
    this.conversation = conversation?.id ?? "00000000-0000-4000-8000-000000000000"
    this.projects = join(folder, ".claude", "projects", "-tmp")
    mkdirSync(this.projects, { recursive: true })
  }

  static async of(daemon: TestDaemon): Promise<HostileAgent> {
    const folder = mkdtempSync(join(tmpdir(), "reprise-hostile-"))
    const program = join(folder, "agent")
    writeFileSync(program, "#!/bin/sh\necho up\nexec cat\n")
    chmodSync(program, 0o755)
    const more = { provider: "claude-code", env: { HOME: folder }, keepalive: { mode: "never" } }
    const { id } = await daemon.create([program], more)
    const session = await daemon.reaches(id, "has a process", ({ process }) => process !== null, 30_000)
    await until("the agent prints", async () => (await daemon.output(id)).includes("up"), 30_000)
    return new HostileAgent(daemon, folder, session)
  }

  async hook(event: string, payload: Readonly<Record<string, unknown>>) {
    const { generation } = await this.daemon.session(this.id)
    const key = readFileSync(join(this.daemon.home, "hook.key"))
    const token = createHmac("sha256", key).update(`${generation} ${this.id}`).digest("hex")
    const call = { id: Math.random().toString(36), generation, event, payload, at: Date.now() }
    return this.daemon.ask("POST", `/v1/sessions/${this.id}/hooks`, call, { authorization: `Bearer ${token}` })
  }

  /** Says that its conversation is written to that file. */
  async claims(transcript: string) {
    const { status } = await this.hook("SessionStart", {
      session_id: this.conversation,
      transcript_path: transcript,
      source: "startup",
      hook_event_name: "SessionStart",
      cwd: "/tmp"
    })
    if (status >= 300) throw new Error(`the hook was answered ${status}`)
  }

  get transcript() {
    return join(this.projects, `${this.conversation}.jsonl`)
  }

  async stop() {
    await this.daemon.ask("POST", `/v1/sessions/${this.id}/kill`, {})
    await this.daemon.reaches(this.id, "ended", ({ state }) => state === "ended" || state === "terminated", 30_000)
  }

  /** Asks for another launch, and waits for what becomes of it. */
  async relaunch(): Promise<SessionView> {
    const { generation: before } = await this.daemon.session(this.id)
    await this.daemon.done("POST", `/v1/sessions/${this.id}/resume`, {})
    return this.daemon.reaches(
      this.id,
      "has come up, or has not",
      ({ generation, process, state }) => generation > before && (process !== null || state === "ended"),
      40_000
    )
  }

  /** Every answer of the API about the session, as one text. */
  async told(): Promise<string> {
    const events = JSON.stringify(await this.daemon.events(this.id))
    const trace = await this.daemon.ask("GET", `/v1/sessions/${this.id}/trace`)
    return `${events}${JSON.stringify(trace.body)}${JSON.stringify(await this.daemon.session(this.id))}`
  }

  async [Symbol.asyncDispose]() {
    await this.stop().catch(() => {})
    await this.daemon.ask("POST", `/v1/sessions/${this.id}/terminate`, {}).catch(() => {})
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const pipeAt = (path: string) => {
  rmSync(path, { recursive: true, force: true })
  execFileSync("mkfifo", [path])
}

/** A file that says it is large, and takes no room. */
export const sparseAt = (path: string, bytes: number, head = "") => {
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, head)
  const fd = openSync(path, "r+")
  ftruncateSync(fd, bytes)
  closeSync(fd)
}

/** The longest that the daemon takes to say that it lives, over so long a time. Throws where it takes far too long. */
export const longestAnswerMs = async (daemon: TestDaemon, forMs: number, meanwhile: () => unknown = () => {}): Promise<number> => {
  const endAt = performance.now() + forMs
  let longest = 0
  for (let asked = 0; performance.now() < endAt || asked < 5; asked++) {
    const startedAt = performance.now()
    await daemon.ask("GET", "/healthz")
    longest = Math.max(longest, performance.now() - startedAt)
    meanwhile()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  if (longest > frozenMs) throw new Error(`the daemon took ${Math.round(longest)} ms to say that it lives`)
  return Math.round(longest)
}
/** A daemon that is frozen, and not a machine that is busy. */
const frozenMs = 5_000

export const lives = async (daemon: TestDaemon, forMs = 1_000) => `it answers within ${await longestAnswerMs(daemon, forMs)} ms`

export const outsideFile = (folder: string) => {
  const path = join(folder, "precious")
  writeFileSync(path, "precious\n")
  return {
    path,
    assertIntact: () => {
      if (!existsSync(path) || readFileSync(path, "utf8") !== "precious\n") throw new Error(`${path} was changed`)
    }
  }
}

export const mustNotTell = (text: string, secret: string, what: string) => {
  if (text.includes(secret)) throw new Error(`${what} stands in what the API tells`)
}

export const readsTranscript = (agent: HostileAgent) =>
  until("the transcript is read", async () => (await agent.daemon.types(agent.id)).includes("TranscriptRead"), 20_000)
