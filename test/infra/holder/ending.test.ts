/** What is left after a stop, a kill and an exit: nothing of ours, and everything of every other process. */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { JournalEntry } from "../../../src/domain/inputs.ts"
import { claim, launchDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { identityOf, isAlive, listProcesses, signalExactly, workingDirectory } from "../../../src/infra/holder/process-table.ts"
import { ProcessTree } from "../../../src/infra/holder/tree.ts"
import { Runtime } from "../../../src/infra/runtimes/runtime.ts"
import { connected, eventually, inHome, journalUntil, launched, order, outputUntil, typesOf } from "../../support/holder.ts"

/** Seconds that no other process sleeps, so that what is left can be found however it is dressed. */
const sleepers = (seconds: string) => listProcesses().filter((row) => !row.zombie && commandLine(row.pid).includes(`\0${seconds}\0`)).length
const commandLine = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1")
  } catch {
    return ""
  }
}
const unique = () => `${100_000 + Math.floor(Math.random() * 800_000)}.${process.pid}`

/** Seven ways to get away from a leader; each leaves one `sleep`. */
const family = (seconds: string) => `
  nohup sleep ${seconds} >/dev/null 2>&1 &
  setsid sleep ${seconds} &
  (setsid sh -c 'sleep ${seconds} & exec true' &)
  (sh -c '(sleep ${seconds} &) ; exec true')
  sh -c 'trap "" HUP TERM INT; sleep ${seconds} & wait; while :; do sleep ${seconds}; done' &
  setsid sh -c 'trap "" HUP TERM; exec sleep ${seconds}' &
  bash -ic 'sleep ${seconds} & disown; exit' 2>/dev/null
  `

const hasPython = spawnSync("python3", ["--version"]).status === 0

/** The first thread ends by itself, which Python has no word for. */
const threads = `
import ctypes, signal, threading, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
def work():
    time.sleep(0.2)
    print("only the second thread is left", flush=True)
    while True: time.sleep(0.1)
threading.Thread(target=work).start()
ctypes.CDLL(None).pthread_exit(None)
`

/** PTRACE_ATTACH, and no wait: the kernel reports the end to the tracer, and the parent nothing. */
const tracer = `
import ctypes, sys, time
if ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) != 0: sys.exit(1)
print("traces", flush=True)
time.sleep(1000)
`

describe("an ending", () => {
  for (const mode of ["stop", "kill"] as const) {
    it.live(`leaves nothing of a family that does all to stay, after a ${mode}`, () =>
      inHome(() =>
        Effect.gen(function* () {
          const seconds = unique()
          const { link, order } = yield* launched(`${family(seconds)} echo all up; trap '' HUP TERM; while :; do sleep ${seconds}; done`)
          yield* outputUntil(order.session, "all up")
          yield* eventually("the whole family sleeps", () => sleepers(seconds) >= 8)
          yield* link.runLadder(mode)
          const entries = yield* journalUntil(link, "cleared")
          assert.strictEqual(sleepers(seconds), 0)
          const steps = stepsOf(entries)
          assert.deepStrictEqual(
            steps.map(({ step }) => step),
            mode === "stop" ? ["hangup", "kill"] : ["kill"]
          )
          assert.isAtLeast(steps[0]?.pids.length ?? 0, 8)
          assert.deepStrictEqual(typesOf(entries).slice(-2), ["exited", "cleared"])
        })
      )
    )
  }

  it.live("sweeps what outlives an agent that ends by itself, and counts it", () =>
    inHome(() =>
      Effect.gen(function* () {
        const seconds = unique()
        const { link } = yield* launched(`setsid sleep ${seconds} & trap '' HUP; sleep ${seconds} & sleep 0.3; exit 3`)
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(typesOf(entries), ["spawned", "exited", "stop_step", "cleared"])
        assert.deepStrictEqual(entries.at(-1)?.event, { type: "cleared", swept: 2 })
        assert.isBelow(entries[2]!.wallMs - entries[1]!.wallMs, 5_000)
        assert.strictEqual(sleepers(seconds), 0)
      })
    )
  )

  it.live("says goodbye by typing, and takes no further rung when that is enough", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched('echo ready; while read line; do [ "$line" = /exit ] && exit 5; done', {
          ladder: [
            { step: "goodbye", text: "/exit\r", waitMs: 20_000 },
            { step: "hangup", signals: ["SIGHUP"], waitMs: 20_000 },
            { step: "kill" }
          ]
        })
        yield* outputUntil(order.session, "ready")
        yield* link.runLadder("stop")
        yield* link.runLadder("stop")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(typesOf(entries), ["spawned", "output_began", "stop_step", "exited", "cleared"])
        assert.deepStrictEqual(entries[3]?.event, { type: "exited", code: 5, signal: null })
      })
    )
  )

  it.live.skipIf(!hasPython)("ends an agent whose first thread has ended and whose others work on", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched(`exec python3 -c '${threads}'`)
        yield* outputUntil(order.session, "only the second thread is left")
        const pid = link.process!.pid
        yield* eventually("the kernel calls it a zombie", () => readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z "))
        assert.isTrue(isAlive(link.process!))
        yield* link.runLadder("kill")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(stepsOf(entries)[0]?.pids, [pid])
        assert.deepInclude(
          entries.map(({ event }) => event),
          { type: "exited", code: null, signal: "SIGKILL" }
        )
      })
    )
  )

  it.live.skipIf(!hasPython)("ends an agent that a stopped debugger traces, and knows how it ended", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link } = yield* launched("while :; do sleep 1; done")
        const debugger_ = yield* Effect.acquireRelease(
          Effect.sync(() => spawn("python3", ["-c", tracer, `${link.process!.pid}`], { stdio: ["ignore", "pipe", "inherit"] })),
          (child) => Effect.sync(() => child.kill("SIGKILL"))
        )
        yield* Effect.promise(() => new Promise((resolve) => debugger_.stdout.once("data", resolve)))
        yield* link.runLadder("kill")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepInclude(
          entries.map(({ event }) => event),
          { type: "exited", code: null, signal: "SIGKILL" }
        )
      }).pipe(Effect.scoped)
    )
  )

  it.live("goes to the last rung at once when a kill comes during a stop", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("trap '' HUP; echo ready; while :; do sleep 1; done", {
          ladder: [{ step: "hangup", signals: ["SIGHUP"], waitMs: 600_000 }, { step: "kill" }]
        })
        yield* outputUntil(order.session, "ready")
        yield* link.runLadder("stop")
        yield* journalUntil(link, "stop_step")
        yield* link.runLadder("kill")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(
          stepsOf(entries).map(({ step }) => step),
          ["kill"]
        )
      })
    )
  )

  it.live("completes without a daemon", () =>
    inHome(() =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        const seconds = unique()
        const { order } = yield* Effect.scoped(
          Effect.gen(function* () {
            const started = yield* launched(`trap '' HUP TERM; echo ready; while :; do sleep ${seconds}; done`)
            yield* outputUntil(started.order.session, "ready")
            yield* started.link.runLadder("stop")
            return started
          })
        )
        const isCleared = Effect.map(runtime.remains(order), (remains) => remains?.journal.at(-1)?.event.type === "cleared")
        yield* isCleared.pipe(Effect.repeat({ until: (cleared) => cleared, times: 100_000 }), Effect.timeout("20 seconds"))
        assert.strictEqual(sleepers(seconds), 0)
        const entries = yield* journalUntil(yield* connected(order), "cleared")
        assert.deepStrictEqual(typesOf(entries), ["spawned", "output_began", "stop_step", "stop_step", "exited", "cleared"])
      })
    )
  )

  it.live("is swept by the daemon when the holder died", () =>
    inHome(() =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        const seconds = unique()
        const { link, order } = yield* launched(`${family(seconds)} echo all up; trap '' HUP TERM; while :; do sleep ${seconds}; done`)
        yield* outputUntil(order.session, "all up")
        const holder = listProcesses().find((row) => workingDirectory(row.pid)?.endsWith(`${order.session}/g1`) === true)
        assert.isDefined(holder)
        signalExactly(identityOf(holder!.pid)!, "SIGKILL")
        const reason = yield* Effect.flip(journalUntil(link, "cleared"))
        assert.deepInclude(reason, { _tag: "HolderUnavailable", reason: "gone" })
        const { swept } = yield* runtime.sweep(order, link.process)
        assert.isAtLeast(swept, 8)
        assert.strictEqual(sleepers(seconds), 0)
        yield* runtime.discard(order)
        assert.deepStrictEqual(yield* runtime.list, [])
      })
    )
  )
})

describe("a launch that is given up", () => {
  it.live("starts no agent later: its holder is ended where it has not spawned", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        const asked = order("echo never")
        const directory = launchDirectory(home, asked.session, asked.generation)
        // Stopped before it came to spawn, as a machine in trouble leaves one: any process serves, the owner file names it.
        mkdirSync(directory, { recursive: true })
        const stuck = spawn("sleep", ["600"], { cwd: directory, stdio: "ignore" })
        const ended = new Promise((resolve) => stuck.once("exit", (_, signal) => resolve(signal)))
        assert.isTrue(claim(directory, { nonce: asked.nonce, process: identityOf(stuck.pid!)!, role: "holder" }))
        stuck.kill("SIGSTOP")
        yield* runtime.sweep(asked, null)
        assert.strictEqual(yield* Effect.promise(() => ended), "SIGKILL")
      })
    )
  )

  it.live("ends no process that its owner file merely names: an agent can write that file", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        const asked = order("echo never")
        const directory = launchDirectory(home, asked.session, asked.generation)
        mkdirSync(directory, { recursive: true })
        const stranger = spawn("sleep", ["600"], { stdio: "ignore" })
        try {
          assert.isTrue(claim(directory, { nonce: asked.nonce, process: identityOf(stranger.pid!)!, role: "holder" }))
          yield* runtime.sweep(asked, null)
          assert.isTrue(isAlive(identityOf(stranger.pid!)!))
        } finally {
          stranger.kill("SIGKILL")
        }
      })
    )
  )
})

describe("a tree that goes on forking", () => {
  it.live("is outrun by a kill", () =>
    inHome(() =>
      Effect.gen(function* () {
        const seconds = unique()
        const fork = `trap "" HUP TERM; n=0; while [ $n -lt 3000 ]; do n=$((n+1)); setsid sleep ${seconds} & sleep 0.01; done`
        const { link, order } = yield* launched(`(${fork}) & (${fork}) & setsid sh -c '${fork}' & echo up; wait`)
        yield* outputUntil(order.session, "up")
        yield* eventually("they fork", () => sleepers(seconds) > 20)
        yield* link.runLadder("kill")
        yield* journalUntil(link, "cleared")
        assert.strictEqual(sleepers(seconds), 0)
      })
    )
  )
})

describe("a signal", () => {
  it("reaches no process that merely has the pid of the one that was meant", () => {
    const stranger = spawn("sleep", ["60"])
    try {
      const identity = identityOf(stranger.pid!)!
      assert.isFalse(signalExactly({ ...identity, startTime: identity.startTime - 1 }, "SIGKILL"))
      assert.isFalse(signalExactly({ ...identity, bootId: "another boot" }, "SIGKILL"))
      assert.isTrue(isAlive(identity))
      const tree = new ProcessTree({ ...identity, startTime: identity.startTime - 1 }, "0".repeat(32), { watched: true })
      assert.deepStrictEqual(tree.scan(), [])
      tree.leaderEnded()
      assert.deepStrictEqual(tree.scan(), [])
    } finally {
      stranger.kill("SIGKILL")
    }
  })

  it("spares the one that sends it, and those above, though they carry the nonce", () => {
    const nonce = "e".repeat(32)
    const script = `
      const { ProcessTree } = await import(${JSON.stringify(join(import.meta.dirname, "../../../src/infra/holder/tree.ts"))})
      console.log(new ProcessTree(null, "${nonce}", { watched: true }).scan().map((member) => member.command).join(" "))`
    const shell = spawn(
      "sh",
      ["-c", `sleep 60 & "${process.execPath}" --input-type=module -e '${script.replaceAll("'", "'\\''")}'; kill $!`],
      {
        env: { ...process.env, REPRISE_NONCE: nonce }
      }
    )
    return new Promise<void>((resolve, reject) => {
      let said = ""
      shell.stdout.on("data", (bytes) => {
        said += bytes
      })
      shell.once("close", () => {
        try {
          assert.strictEqual(said.trim(), "sleep")
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  })
})

const stepsOf = (entries: ReadonlyArray<JournalEntry>) => entries.flatMap(({ event }) => (event.type === "stop_step" ? [event] : []))
