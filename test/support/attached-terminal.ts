/** `reprise attach` as a person runs it, in a terminal of its own whose settings can be looked at. */
import { execFileSync } from "node:child_process"
import { readlinkSync } from "node:fs"
import { join } from "node:path"
import * as Pty from "node-pty"
import { type TestDaemon, until } from "./daemon.ts"

const program = join(import.meta.dirname, "../../bin/reprise.js")

export class Attached implements AsyncDisposable {
  readonly #pty: Pty.IPty
  #exited = false
  screen = ""

  private constructor(pty: Pty.IPty) {
    this.#pty = pty
    pty.onData((text) => {
      this.screen += text
    })
    pty.onExit(() => {
      this.#exited = true
    })
  }

  /** Returns when the client has the terminal, raw. */
  static async to(daemon: TestDaemon, session: string): Promise<Attached> {
    const attached = new Attached(
      Pty.spawn(process.execPath, [program, "attach", session], {
        cols: 80,
        rows: 24,
        env: { ...process.env, REPRISE_HOME: daemon.home, TERM: "xterm-256color" } as Record<string, string>
      })
    )
    await until("the client is attached", async () => !attached.isCooked() && (await daemon.session(session)).clients > 0, 30_000)
    return attached
  }

  get pid() {
    return this.#pty.pid
  }
  type(text: string) {
    this.#pty.write(text)
  }
  /** Whether it reads lines, as a shell leaves it. */
  isCooked(): boolean {
    const device = readlinkSync(`/proc/${this.pid}/fd/0`)
    // A process that was just made has its terminal a moment later.
    return !device.startsWith("/dev/pts/") || /(?:^|\s)icanon/.test(execFileSync("stty", ["-a", "-F", device], { encoding: "utf8" }))
  }

  async [Symbol.asyncDispose]() {
    if (this.#exited) return
    process.kill(this.pid, "SIGKILL")
    await until("the client is gone", () => this.#exited)
  }
}
