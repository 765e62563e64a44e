/** One launch from its start to its acknowledged end: what happened is in the journal before any daemon is sent it. */
import { rmSync } from "node:fs"
import { constants } from "node:os"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { limits } from "../../domain/limits.ts"
import { signalName } from "../../domain/signal-names.ts"
import type { Size } from "../../domain/spec.ts"
import { crashPoint } from "../crash-points.ts"
import { writeWhole } from "../durable-file.ts"
import { lowerDescriptors } from "./descriptor-limit.ts"
import { Ending } from "./ending.ts"
import { execProblem, executed, mayPass } from "./exec-outcome.ts"
import { Journal } from "./journal.ts"
import { codeOf, fileNames, type HolderSpec, type LaunchIdentity } from "./launch-directory.ts"
import { type LaunchProblem, launchProblem } from "./launch-problem.ts"
import { watchOwnDirectory } from "./own-directory.ts"
import { currentBootId, endOfZombie, identityOf, isAlive, signalExactly } from "./process-table.ts"
import { type Hello, protocolRange } from "./protocol.ts"
import { type Answer, Server } from "./server.ts"
import { Spool } from "./spool.ts"
import { type Exit, Terminal } from "./terminal.ts"
import { ProcessTree } from "./tree.ts"
import { Typing } from "./typing.ts"
import { TypingRequests } from "./typing-requests.ts"

export class Holding {
  readonly #spec: HolderSpec
  readonly #onAcknowledged: () => void
  readonly #journal: Journal
  #spool: Spool | null = null
  readonly #server: Server
  #size: Size
  #running: Running | null = null
  #stage: "starting" | "running" | "ending" | "over" = "starting"
  #outputBegan = false

  constructor(spec: HolderSpec, on: { readonly onAcknowledged: () => void }) {
    this.#spec = spec
    this.#size = spec.size
    this.#onAcknowledged = on.onAcknowledged
    this.#journal = new Journal(".", () => this.#spool?.offset ?? 0)
    this.#server = new Server({
      hello: () => this.#hello(),
      entries: () => this.#journal.entries,
      perform: (request) => this.#perform(request)
    })
    this.#journal.onDurable = (entry) => this.#server.tellEntry(entry)
  }

  /** Resolves when the socket answers: something was spawned, or the journal says why not. */
  async start(): Promise<void> {
    lowerDescriptors(this.#spec.descriptors)
    const problem = this.#openSpool() ?? (await this.#launch())
    rmSync(fileNames.spec, { force: true })
    if (problem !== null) {
      this.#stage = "over"
      await this.#journal.append({ type: "launch_failed", ...problem })
    }
    await this.#server.listen()
    watchOwnDirectory({
      isOver: () => this.#stage === "over",
      isAttended: () => this.#server.isAttended,
      onDeserted: () => this.#running?.ending.stop("stop")
    })
  }

  /** No daemon came for the exit: the journal stays on disk for the next. A process that still runs is never let go. */
  expire(): void {
    if (this.#stage === "over") process.exit(0)
    setTimeout(() => this.expire(), 86_400_000)
  }

  /** Where the output cannot be kept, nothing is started: a disk that fills up later is another matter. */
  #openSpool(): { readonly code: string; readonly message: string } | null {
    const { outputDirectory, outputRetentionBytes, size } = this.#spec
    try {
      const spool = new Spool({
        directory: outputDirectory,
        retentionBytes: outputRetentionBytes,
        size,
        onDropped: (from, to, reason) => void this.#journal.append({ type: "output_dropped", from, to, reason }),
        onKept: () => this.#server.tellOffset(spool.kept)
      })
      this.#spool = spool
      return null
    } catch (error) {
      return { code: codeOf(error), message: `the output cannot be kept: ${String(error)}` }
    }
  }

  /** Again for a while where it can pass: a package is being replaced, a limit is reached. */
  async #launch(): Promise<LaunchProblem | null> {
    for (const startedAt = performance.now(); ; ) {
      const problem = (await launchProblem(this.#spec)) ?? (await this.#spawn())
      if (problem === null || !mayPass.has(problem.code) || performance.now() - startedAt >= limits.launchAgainMs) return problem
      await new Promise((resolve) => setTimeout(resolve, limits.launchAgainEveryMs))
    }
  }

  async #spawn(): Promise<LaunchProblem | null> {
    const { args, cwd, env, executable, size } = this.#spec
    crashPoint("before_spawn")
    const early: Array<Buffer> = []
    const ended: Array<Exit> = []
    const on: { output: (bytes: Buffer) => void; exit: (exit: Exit) => void } = {
      output: (bytes) => void early.push(Buffer.from(bytes)),
      exit: (exit) => void ended.push(exit)
    }
    let terminal: Terminal
    try {
      terminal = new Terminal({
        ...{ args, cwd, env, executable, size },
        onOutput: (bytes) => on.output(bytes),
        onExit: (exit) => on.exit(exit)
      })
    } catch (error) {
      // node-pty keeps the number of the error to itself; forkpty(3) fails for want of a process, a terminal or memory.
      if (String(error).includes("forkpty")) return { code: "EAGAIN", message: noRoom }
      return { code: codeOf(error) === "unknown" ? "spawn_failed" : codeOf(error), message: String(error) }
    }
    crashPoint("after_spawn")
    // A child that is dead already is a zombie until our exit callback runs, which is not before this turn ends: its row is there.
    const process = identityOf(terminal.pid) ?? { bootId: currentBootId(), pid: terminal.pid, startTime: 0 }
    await executed(terminal.pid)
    if (!isAlive(process)) {
      // It may be what node-pty's child says of a failed exec, and no word of the agent's: read whole before anything is written down.
      for (let looks = 0; ended.length === 0 && looks < limits.execMs; looks++) await new Promise((resolve) => setTimeout(resolve, 1))
      if (ended[0]?.code === 1) await terminal.drain()
      const problem = execProblem(Buffer.concat(early).toString("latin1"), ended[0]?.code ?? null, executable, cwd)
      if (problem !== null) return problem
    }
    this.#begin(terminal, process)
    on.output = (bytes) => this.#keep(bytes)
    on.exit = (exit) => void this.#endOnce(exit)
    for (const bytes of early) this.#keep(bytes)
    for (const exit of ended) void this.#endOnce(exit)
    return null
  }

  #begin(terminal: Terminal, process: ProcessIdentity): void {
    const { ladder, nonce } = this.#spec
    const typing = new Typing(terminal.fd)
    const ending = new Ending({
      tree: new ProcessTree(process, nonce, { watched: true }),
      ladder,
      typeText: (text) => {
        if (typing.awaitingEnter !== null) typing.withhold(typing.awaitingEnter)
        typing.take(Buffer.from(text))
      },
      append: (event) => this.#journal.append(event),
      onUntold: () => void this.#endOnce(endOf(process.pid))
    })
    const requests = new TypingRequests({
      ...{ terminal, typing, leader: process.pid },
      isRunning: () => this.#stage === "running",
      isAttended: () => this.#server.isAttended,
      tellAwaitsEnter: (writeId) => this.#server.tellAwaitsEnter(writeId)
    })
    this.#running = { terminal, typing, requests, ending, process }
    this.#stage = "running"
    crashPoint("before_identity")
    this.#writeIdentity(process)
    void this.#journal.append({ type: "spawned", process })
  }

  #writeIdentity(child: ProcessIdentity): void {
    const { build, generation, nonce } = this.#spec
    const identity: LaunchIdentity = { nonce, generation, process: child, holder: identityOf(process.pid)!, protocol: protocolRange, build }
    try {
      writeWhole(fileNames.identity, JSON.stringify(identity))
    } catch {
      // A full disk: the journal, which has a reserve, has the identity too.
    }
  }

  #keep(bytes: Buffer): void {
    if (!this.#outputBegan) {
      this.#outputBegan = true
      void this.#journal.append({ type: "output_began" })
    }
    this.#spool!.append(bytes)
    this.#server.tellOffset(this.#spool!.kept)
  }

  /** The kernel may report the leader's end after it was read from its zombie. */
  async #endOnce(exit: Exit): Promise<void> {
    if (this.#stage === "running") await this.#end(exit)
  }

  async #end(exit: Exit): Promise<void> {
    const { ending, terminal, typing } = this.#running!
    this.#stage = "ending"
    ending.leaderEnded()
    // Before its descriptor is closed and the number given to something else.
    typing.close()
    await terminal.drain()
    this.#spool!.close()
    crashPoint("before_exited")
    await this.#journal.append({ type: "exited", ...exit })
    crashPoint("after_exited")
    await ending.sweep()
    // From here on the holder only waits for its acknowledgement.
    this.#stage = "over"
  }

  async #perform(request: Parameters<Held["perform"]>[0]): Promise<Answer> {
    const running = this.#running
    if (request.op === "ack_exit") {
      if (this.#stage !== "over") return { error: "not_ended" }
      setTimeout(this.#onAcknowledged, replyMs)
      return { ok: true }
    }
    if (running === null) return request.op === "stop" ? { ok: true } : { error: "not_running" }
    switch (request.op) {
      case "write":
        return await running.requests.write(request.writeId, request.bytes)
      case "submit":
        return await running.requests.submit(request.writeId, request.bytes, request.enterAfterMs, request.awaitsGo === true)
      case "enter":
        return await running.requests.enter(request.writeId, request.mayAsk === true)
      case "withhold":
        return await running.requests.withhold(request.writeId)
      case "write_outcome":
        return { ok: true, ...(await running.typing.outcome(request.writeId)) }
      case "obstacle":
        return await running.requests.obstacle()
      case "type":
        return running.typing.take(Buffer.from(request.bytes, "base64")) ? { ok: true } : { error: "not_written" }
      case "resize": {
        const { cols, rows } = request
        if (cols === this.#size.cols && rows === this.#size.rows) return { ok: true }
        this.#size = { cols, rows }
        this.#spool!.resize(this.#size)
        running.terminal.resize(this.#size)
        return { ok: true }
      }
      case "signal":
        if (!(request.signal in constants.signals)) return { error: "malformed" }
        return signalExactly(running.process, request.signal as NodeJS.Signals) ? { ok: true } : { error: "not_running" }
      case "stop": {
        const { mode, order } = request
        // Written before the first rung is taken, so that no reader of the journal sees an end without its reason.
        if (order !== undefined) void this.#journal.append({ type: "stop_ordered", mode, ...order })
        running.ending.stop(mode)
        return { ok: true }
      }
    }
  }

  #hello(): Hello {
    const { build, generation, nonce, session } = this.#spec
    return {
      ...{ type: "hello", protocol: protocolRange, build, session, generation, nonce },
      process: this.#running?.process ?? null,
      holder: identityOf(process.pid)!,
      offset: this.#spool?.kept ?? 0,
      size: this.#size,
      journalLength: this.#journal.entries.length,
      step: this.#running?.ending.step ?? null
    }
  }
}

const endOf = (pid: number): Exit => {
  const { code, signal } = endOfZombie(pid) ?? { code: null, signal: constants.signals.SIGKILL }
  return { code, signal: signal === null ? null : signalName(signal) }
}

type Held = ConstructorParameters<typeof Server>[0]

interface Running {
  readonly terminal: Terminal
  readonly typing: Typing
  readonly requests: TypingRequests
  readonly ending: Ending
  readonly process: ProcessIdentity
}

const noRoom =
  "no process or no terminal could be made: a limit of processes (ulimit -u), of terminals (/proc/sys/kernel/pty/max) or of memory is reached"
/** Long enough for the answer to leave, short enough that the wait is not noticed. */
const replyMs = 20
