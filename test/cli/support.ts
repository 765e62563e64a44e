/** The command line as people meet it: a process with pipes, or a process in a real terminal with an emulator that shows its screen. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import headless from "@xterm/headless"
import { Context, Effect, Layer } from "effect"
import * as Pty from "node-pty"
import { TestDaemon, until } from "../support/daemon.ts"

export const executable = join(import.meta.dirname, "../../bin/reprise.js")

/** One daemon for the tests of a file; whatever they leave running is ended with it. */
export class Daemon extends Context.Service<Daemon, TestDaemon>()("test/cli/Daemon") {
  static readonly layer = Layer.effect(
    Daemon,
    Effect.acquireRelease(
      Effect.promise(() => TestDaemon.started()),
      (daemon) => Effect.promise(() => daemon[Symbol.asyncDispose]())
    )
  )
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const environmentOf = (home: string, added: Readonly<Record<string, string>>) => ({
  ...process.env,
  REPRISE_HOME: home,
  NO_COLOR: "",
  ...added
})

export interface Running {
  readonly stdout: () => string
  readonly stderr: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

export const start = (
  home: string,
  words: ReadonlyArray<string>,
  more: {
    readonly stdin?: string | Uint8Array
    readonly env?: Readonly<Record<string, string>>
    readonly node?: string
    readonly executable?: string
  } = {}
): Running => {
  const child = spawn(more.node ?? process.execPath, [more.executable ?? executable, ...words], {
    env: environmentOf(home, more.env ?? {}),
    timeout: 30_000
  })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("latin1")
  })
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8")
  })
  child.stdin.on("error", () => {})
  child.stdin.end(more.stdin ?? "")
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })))
  return { stdout: () => stdout, stderr: () => stderr, kill: (signal) => child.kill(signal), ended }
}

export const reprise = (home: string, ...words: ReadonlyArray<string>): Effect.Effect<Ended> =>
  Effect.promise(() => start(home, words).ended)

/** A terminal of its own, in which a shell runs one command line and then says its exit code and whether the terminal is sane. */
export class Terminal implements Disposable {
  readonly #pty: Pty.IPty
  readonly #screen: headless.Terminal
  #exited = false
  raw = ""

  constructor(home: string, command: string, size = { cols: 80, rows: 24 }) {
    this.#screen = new headless.Terminal({ ...size, allowProposedApi: true, scrollback: 1_000 })
    const script = `${command}; echo "code=$?"; stty -a | grep -o -- '-*icanon'; echo settled`
    this.#pty = Pty.spawn("/bin/sh", ["-c", script], {
      ...size,
      env: { ...environmentOf(home, { TERM: "xterm-256color" }), REPRISE: `${process.execPath} ${executable}` } as Record<string, string>
    })
    this.#pty.onData((text) => {
      this.raw += text
      this.#screen.write(text)
    })
    // Asked, it answers, as any terminal does.
    this.#screen.onData((answer) => {
      if (!this.#exited) this.#pty.write(answer)
    })
    this.#pty.onExit(() => {
      this.#exited = true
    })
  }

  type(text: string) {
    this.#pty.write(text)
  }
  resize(cols: number, rows: number) {
    this.#screen.resize(cols, rows)
    this.#pty.resize(cols, rows)
  }
  /** Every line there is, what scrolled off the screen too. */
  get text(): string {
    const { active } = this.#screen.buffer
    return Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? "").join("\n")
  }
  /** Of the screen, without blanks at their ends. */
  get rows(): ReadonlyArray<string> {
    const { active } = this.#screen.buffer
    return Array.from(
      { length: this.#screen.rows },
      (_, row) =>
        active
          .getLine(active.baseY + row)
          ?.translateToString(true)
          .trimEnd() ?? ""
    )
  }
  get alternate(): boolean {
    return this.#screen.buffer.active.type === "alternate"
  }
  get modes() {
    return this.#screen.modes
  }
  shows(wanted: string | RegExp, withinMs?: number): Effect.Effect<string> {
    const found = () => (typeof wanted === "string" ? this.text.includes(wanted) : wanted.test(this.text))
    return Effect.promise(() =>
      until(`the terminal shows ${wanted}`, () => found() && this.text, withinMs).catch((error: Error) => {
        throw new Error(`${error.message}; it shows:\n${this.text}`)
      })
    )
  }
  [Symbol.dispose]() {
    try {
      if (!this.#exited) process.kill(this.#pty.pid, "SIGHUP")
    } catch {
      // It ended between the look and the signal.
    }
    this.#screen.dispose()
  }
}

/** Closed with the test's scope. */
export const terminal = (home: string, command: string, size?: { readonly cols: number; readonly rows: number }) =>
  Effect.acquireRelease(
    Effect.sync(() => new Terminal(home, command, size)),
    (terminal) => Effect.sync(() => terminal[Symbol.dispose]())
  )

/** Runs a command that must succeed, and gives what it printed. */
export const said = Effect.fnUntraced(function* (...words: ReadonlyArray<string>) {
  const { code, stderr, stdout } = yield* reprise((yield* Daemon).home, ...words)
  assert.strictEqual(code, 0, `${words.join(" ")}: ${stderr}`)
  return stdout.trim()
})

/** Runs a command that must fail so, with nothing on stdout, and gives what it said about it. */
export const fails = Effect.fnUntraced(function* (expected: number, ...words: ReadonlyArray<string>) {
  const { code, stderr, stdout } = yield* reprise((yield* Daemon).home, ...words)
  assert.deepStrictEqual([code, stdout], [expected, ""], `${words.join(" ")}: ${stderr}`)
  return stderr.trim()
})
