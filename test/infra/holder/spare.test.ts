/** A holder that was booted ahead is like any other, and belongs to no session's secrets and to no dead daemon. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { carriesNonce } from "../../../src/domain/launch-marks.ts"
import { fileNames, launchDirectory, readIdentity, readOwner } from "../../../src/infra/holder/launch-directory.ts"
import { environOf, identityOf, isAlive, listProcesses, readProcess, signalExactly } from "../../../src/infra/holder/process-table.ts"
import { spareFlag } from "../../../src/infra/holder/spare.ts"
import { type LaunchRef, Runtime } from "../../../src/infra/runtimes/runtime.ts"
import { processesOf, TestDaemon, until } from "../../support/daemon.ts"
import { connected, eventually, inHome, journalUntil, launched, order, outputUntil } from "../../support/holder.ts"

const read = (path: string) => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}
const wordsOf = (pid: number) => read(`/proc/${pid}/cmdline`).split("\0")
const cwdOf = (pid: number) => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ""
  }
}
/** One that got its launch has the same words, and stands in the launch's directory. */
const sparesOf = (home: string) =>
  listProcesses().filter(
    ({ pid, zombie }) =>
      !zombie && cwdOf(pid) === "/" && wordsOf(pid).includes(spareFlag) && wordsOf(pid).some((word) => word.startsWith(home))
  )
/** It has read its program and is in read(2) on its input. */
const isBooted = (pid: number) => read(`/proc/${pid}/maps`).includes("pty.node") && read(`/proc/${pid}/stat`).includes(") S ")

const spareWaits = (home: string) =>
  Effect.map(
    eventually("a spare waits", () => sparesOf(home).some(({ pid }) => isBooted(pid))),
    () => identityOf(sparesOf(home)[0]!.pid)!
  )

/** Of several moments: a file that is being written has one while it is. */
const fewestDescriptors = (pid: number) => {
  const counts = Array.from({ length: 20 }, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return readdirSync(`/proc/${pid}/fd`).length
  })
  return Math.min(...counts)
}

/** What others can see of a launch, with what differs from one to the next by necessity taken out. */
const tracesOf = (home: string, { generation, nonce, session }: LaunchRef) => {
  const directory = launchDirectory(home, session, generation)
  const owner = readOwner(directory)!
  const identity = readIdentity(directory)!
  const { pid } = owner.process
  const agent = listProcesses().find((row) => !row.zombie && carriesNonce(environOf(row.pid), nonce))?.pid
  return {
    pid,
    seen: {
      files: readdirSync(directory).toSorted(),
      owner: { ...owner, nonce: owner.nonce === nonce, process: isAlive(owner.process) },
      identity: { ...identity, nonce: identity.nonce === nonce, holder: isAlive(owner.process), process: agent !== undefined },
      environment: read(`/proc/${pid}/environ`),
      agentEnvironment: read(`/proc/${agent}/environ`).replace(nonce, "").replaceAll(session, ""),
      cwd: readlinkSync(`/proc/${pid}/cwd`).replace(session, ""),
      standard: [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).replace(session, "")),
      fds: fewestDescriptors(pid),
      agentFds: readdirSync(`/proc/${agent}/fd`).map((fd) => readlinkSync(`/proc/${agent}/fd/${fd}`).replace(/\d+$/, "")),
      leadsSession: readProcess(pid)?.session === pid
    }
  }
}

describe("a spare holder", () => {
  it.live("makes a launch that is the same as one without", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const story = Effect.fnUntraced(function* () {
          const { link, order: asked } = yield* launched("echo up; read -r _; exit 7")
          yield* outputUntil(asked.session, "up")
          const traces = tracesOf(home, asked)
          yield* link.type(Buffer.from("\n"))
          const journal = yield* journalUntil(link, "cleared")
          const told = journal.map(({ event, n }) => ({ n, event: "process" in event ? { ...event, process: null } : event }))
          return { ...traces, told }
        })
        const fresh = yield* Effect.scoped(story())
        const spare = yield* spareWaits(home)
        const spared = yield* Effect.scoped(story())
        assert.notStrictEqual(fresh.pid, spare.pid)
        assert.strictEqual(spared.pid, spare.pid, "the spare was not used")
        assert.deepStrictEqual(spared.seen, fresh.seen)
        assert.deepStrictEqual(spared.told, fresh.told)
      })
    )
  )

  it.live("has nothing of its daemon, neither environment nor files, and leaves when it is not needed any more", () =>
    Effect.gen(function* () {
      const spare = yield* inHome((home) =>
        Effect.gen(function* () {
          yield* launched("exec cat", { env: { PATH: "/usr/bin:/bin", SECRET: "swordfish" } })
          const spare = yield* spareWaits(home)
          assert.strictEqual(read(`/proc/${spare.pid}/environ`), "PATH=/usr/bin:/bin\0UV_THREADPOOL_SIZE=1\0")
          assert.strictEqual(readlinkSync(`/proc/${spare.pid}/cwd`), "/")
          assert.strictEqual(readProcess(spare.pid)?.session, spare.pid)
          const files = readdirSync(`/proc/${spare.pid}/fd`).map((fd) => read(`/proc/${spare.pid}/fdinfo/${fd}`) && fd)
          for (const fd of files) {
            const target = readlinkSync(`/proc/${spare.pid}/fd/${fd}`)
            assert.match(target, /^(socket:|pipe:|anon_inode:|\/dev\/null$)/, `descriptor ${fd}`)
          }
          return spare
        })
      )
      yield* eventually("the spare has left with its runtime", () => !isAlive(spare))
    })
  )

  it.live("that has died costs a launch nothing but its time", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        yield* launched("exec cat")
        const killed = yield* spareWaits(home)
        signalExactly(killed, "SIGKILL")
        const first = order(`echo x >> ${home}/starts; echo up; exec cat`)
        yield* runtime.launch(first)
        yield* connected(first)
        yield* outputUntil(first.session, "up")
        // This one gets its launch and dies before it has claimed it.
        const stopped = yield* spareWaits(home)
        signalExactly(stopped, "SIGSTOP")
        const second = order(`echo x >> ${home}/starts; echo up; exec cat`)
        const launching = yield* Effect.forkChild(runtime.launch(second))
        const directory = launchDirectory(home, second.session, 1)
        yield* eventually("the launch has begun", () => existsSync(join(directory, fileNames.spec)))
        signalExactly(stopped, "SIGKILL")
        yield* Fiber.join(launching)
        yield* connected(second)
        yield* outputUntil(second.session, "up")
        assert.strictEqual(read(join(home, "starts")), "x\nx\n")
      })
    )
  )

  it("leaves no process when its daemon is killed", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const [spare] = await until("a spare waits", () => {
      const waiting = sparesOf(daemon.home)
      return waiting.some(({ pid }) => isBooted(pid)) && waiting
    })
    await daemon.kill()
    await until("the spare is gone", () => readProcess(spare!.pid)?.startTime !== spare!.startTime)
    assert.strictEqual(processesOf(id).length, 1, "the agent lives on")
  })

  it("whose daemon dies when it has sent the launch makes one process", async () => {
    await using daemon = await TestDaemon.started({ REPRISE_CRASH_AT: "after_fork:2" })
    const before = await daemon.create(["cat"])
    await daemon.reaches(before.id, "streaming", ({ state }) => state === "streaming")
    const [spare] = await until("a spare waits", () => {
      const waiting = sparesOf(daemon.home)
      return waiting.some(({ pid }) => isBooted(pid)) && waiting
    })
    await daemon.create(["sh", "-c", `echo x >> ${daemon.home}/starts; exec cat`]).catch(() => null)
    assert.strictEqual(await daemon.ended(), "SIGKILL")
    await daemon.start()
    const { data } = (await daemon.done("GET", "/v1/sessions")) as { readonly data: ReadonlyArray<{ readonly id: string }> }
    const { id } = data.find((session) => session.id !== before.id)!
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const owner = readOwner(launchDirectory(daemon.home, id, 1))
    assert.strictEqual(owner?.process.pid, spare!.pid, "the spare has gone on by itself")
    assert.strictEqual(processesOf(id).length, 1)
    assert.strictEqual(read(join(daemon.home, "starts")), "x\n")
    assert.strictEqual((await daemon.types(id)).filter((type) => type === "ProcessSpawned").length, 1)
  })
})
