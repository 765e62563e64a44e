/** The real daemon in a home of its own: started, asked, killed with -9 and started again, as its users' machines do. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { SessionView } from "../../src/domain/view.ts"
import type { DaemonNote } from "../../src/infra/home.ts"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface LoggedEvent {
  readonly position: number
  readonly seq: number
  readonly session: string
  readonly generation: number
  readonly type: string
  readonly at: string
  readonly inputId: string
  readonly data: Readonly<Record<string, unknown>>
  readonly stateHash: string
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** Waits for a condition, looking every few milliseconds; fails with what it waited for. */
export const until = async <A>(
  what: string,
  look: () => Promise<A | null | undefined | false> | A | null | undefined | false,
  withinMs = 15_000
) => {
  const endAt = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > endAt) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** How a daemon comes into the world: what it may open, a program that becomes it, its standard streams. */
export interface Birth {
  /** As by `ulimit -n`. */
  readonly descriptors?: number
  /** More words of its command line: `["--host", "127.0.0.2"]`. */
  readonly words?: ReadonlyArray<string>
  /** Another program than that of this checkout: an installed package's. */
  readonly executable?: string
  /** A shell's words before it executes the daemon: `trap "" INT;`. */
  readonly shell?: string
  readonly stdio?: StdioOptions
}

export class TestDaemon implements AsyncDisposable {
  readonly home: string
  #process: ChildProcess | null = null
  #note: DaemonNote | null = null
  #token = ""
  #log = ""

  constructor(home = mkdtempSync(join(tmpdir(), "reprise-test-"))) {
    this.home = home
  }

  static async started(environment: Readonly<Record<string, string>> = {}) {
    const daemon = new TestDaemon()
    await daemon.start(environment)
    return daemon
  }

  get pid() {
    return this.#process?.pid ?? 0
  }
  get url() {
    return this.#note!.url
  }
  get socket() {
    return this.#note!.socket
  }
  get token() {
    return this.#token
  }
  get log() {
    return this.#log
  }

  /** Returns when it is ready. `environment` is added to the daemon's own. */
  async start(environment: Readonly<Record<string, string>> = {}, birth: Birth = {}): Promise<this> {
    const daemon = this.launch(environment, birth)
    await until(`the daemon in ${this.home} is ready\n${this.#log}`, async () => {
      if (daemon.exitCode !== null) throw new Error(`the daemon exited with ${daemon.exitCode}\n${this.#log}`)
      this.#note = this.#readNote()
      if (this.#note?.pid !== daemon.pid) return false
      return (await this.ask("GET", "/readyz").catch(() => null))?.status === 200
    })
    return this
  }

  /** For one that something else has started in this home: it is ended elsewhere. */
  async adopted(): Promise<this> {
    await until(`the daemon in ${this.home} is ready`, async () => {
      this.#note = this.#readNote()
      return this.#note !== null && (await this.ask("GET", "/readyz").catch(() => null))?.status === 200
    })
    return this
  }

  /** Does not wait: for a daemon that is to die on its way. */
  launch(
    environment: Readonly<Record<string, string>> = {},
    { descriptors, executable, shell, stdio, words: more = [] }: Birth = {}
  ): ChildProcess {
    // As its users start it: from the build, where that is newer than the source.
    const words = [process.execPath, executable ?? join(root, "bin/reprise.js"), "--home", this.home, "serve", "--port", "0", ...more]
    const before = `${descriptors === undefined ? "" : `ulimit -n ${descriptors};`}${shell ?? ""}`
    const started = before === "" ? words : ["/bin/sh", "-c", `${before} exec "$@"`, "sh", ...words]
    const daemon = spawn(started[0]!, started.slice(1), {
      env: { ...process.env, XDG_CACHE_HOME: join(root, "node_modules/.cache"), ...environment },
      stdio: stdio ?? ["ignore", "pipe", "pipe"]
    })
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream?.on("data", (chunk) => {
        this.#log += chunk
      })
    }
    this.#process = daemon
    return daemon
  }

  stopReadingLog() {
    this.#process?.stdout?.pause()
  }

  /** From now on nothing reads what the daemon logs. */
  closeLog() {
    this.#process?.stdout?.destroy()
    this.#process?.stderr?.destroy()
  }

  async ended(): Promise<number | NodeJS.Signals | null> {
    const daemon = this.#process
    if (daemon === null) return null
    if (daemon.exitCode === null && daemon.signalCode === null) await new Promise((resolve) => daemon.once("exit", resolve))
    this.#process = null
    return daemon.exitCode ?? daemon.signalCode
  }

  async kill(signal: NodeJS.Signals = "SIGKILL") {
    this.#process?.kill(signal)
    return this.ended()
  }

  async ask(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    if (this.#token === "") this.#token = readFileSync(join(this.home, "token"), "utf8").trim()
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000)
    })
    const text = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      body: /[/+]json\b/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : text
    }
  }

  /** Fails unless the daemon agreed. */
  async done(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const { body: answer, status } = await this.ask(method, path, body, headers)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`)
    return answer
  }

  async create(command: ReadonlyArray<string>, more: Readonly<Record<string, unknown>> = {}) {
    return (await this.done("POST", "/v1/sessions", { command, cwd: "/tmp", ...more })) as SessionView
  }

  async session(id: string) {
    return (await this.done("GET", `/v1/sessions/${id}`)) as SessionView
  }

  /** The whole log of a session. */
  async events(id: string): Promise<ReadonlyArray<LoggedEvent>> {
    const all: Array<LoggedEvent> = []
    for (;;) {
      const page = (await this.done("GET", `/v1/sessions/${id}/events?limit=1000&after=${all.at(-1)?.seq ?? 0}`)) as {
        readonly data: ReadonlyArray<LoggedEvent>
        readonly hasMore: boolean
      }
      all.push(...page.data)
      if (!page.hasMore) return all
    }
  }

  async types(id: string) {
    return (await this.events(id)).map(({ type }) => type)
  }

  async output(id: string) {
    return (await this.done("GET", `/v1/sessions/${id}/output?from=0`)) as string
  }

  /** Waits until the session satisfies `wanted`. */
  reaches(id: string, what: string, wanted: (session: SessionView) => boolean, withinMs?: number) {
    return until(
      `session ${id}: ${what}`,
      async () => {
        const session = await this.session(id)
        return wanted(session) ? session : null
      },
      withinMs
    )
  }

  /** Ends what it started: every session by the API where it still answers, then the daemon; then the home is removed. */
  async [Symbol.asyncDispose]() {
    if (this.#process === null || this.#process.exitCode !== null || this.#process.signalCode !== null) await this.start().catch(() => {})
    // At most as many as may live at once: the ended ones are of no concern.
    const alive = "/v1/sessions?limit=1000&state=starting,streaming,resuming"
    const { data: live } = (await this.done("GET", alive).catch(() => ({ data: [] }))) as { readonly data: ReadonlyArray<SessionView> }
    for (const { id } of live) await this.ask("POST", `/v1/sessions/${id}/kill`, {}).catch(() => {})
    for (const { id } of live) await this.reaches(id, "ended", ({ state }) => state === "ended" || state === "terminated").catch(() => {})
    await this.kill("SIGTERM")
    rmSync(this.home, { recursive: true, force: true })
  }

  #readNote(): DaemonNote | null {
    try {
      return JSON.parse(readFileSync(join(this.home, "daemon.json"), "utf8")) as DaemonNote
    } catch {
      return null
    }
  }
}

/** Every process that carries the session's id in its environment, zombies apart. */
export const processesOf = (session: string): ReadonlyArray<number> => {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      if (readFileSync(`/proc/${name}/stat`, "latin1").split(") ")[1]?.startsWith("Z")) return []
      return readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(`REPRISE_SESSION=${session}`) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}
