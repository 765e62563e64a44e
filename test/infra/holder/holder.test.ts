/** A holder, started by the runtime, with real terminals and real processes. */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { JournalEntry } from "../../../src/domain/inputs.ts"
import { launchDirectory, outputDirectory, readOwner } from "../../../src/infra/holder/launch-directory.ts"
import { readProcess } from "../../../src/infra/holder/process-table.ts"
import { bytesPath, listSegments } from "../../../src/infra/holder/segments.ts"
import { Spool } from "../../../src/infra/holder/spool.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { Runtime } from "../../../src/infra/runtimes/runtime.ts"
import { connected, eventually, inHome, journalUntil, launched, order, outputUntil, typesOf } from "../../support/holder.ts"

const mount = (...args: ReadonlyArray<string>) => spawnSync("mount", args).status === 0
const unmount = (path: string) => spawnSync("umount", ["-l", path])

/** Whether this user may mount: a full disk can then be had without filling a real one. */
const canMount = (() => {
  const path = mkdtempSync(join(tmpdir(), "mount-"))
  const mounted = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", path)
  if (mounted) unmount(path)
  rmSync(path, { recursive: true, force: true })
  return mounted
})()

/** Taken away with the home. */
const smallDisk = (path: string, size: string) => {
  mkdirSync(path, { recursive: true })
  assert.isTrue(mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path))
}

const freeBytes = (path: string) => {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

describe("a holder", () => {
  it.live("types what it is given, keeps what comes back and knows the exit code", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("read line; echo got $line; exit 7")
        assert.strictEqual(yield* link.write("w1", Buffer.from("hello\r")), "written")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(typesOf(entries), ["spawned", "output_began", "exited", "cleared"])
        assert.deepStrictEqual(
          entries.map(({ n }) => n),
          [1, 2, 3, 4]
        )
        const exited = entries[2]!
        assert.deepStrictEqual(exited.event, { type: "exited", code: 7, signal: null })
        const text = yield* outputUntil(order.session, "got hello\r\n")
        assert.strictEqual(text, "hello\r\ngot hello\r\n")
        assert.strictEqual(exited.offset, text.length)
        assert.strictEqual(yield* (yield* Output).end(order.session), text.length)
      })
    )
  )

  it.live("names the signal that ended the agent", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link } = yield* launched("kill -KILL $$")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(entries.find(({ event }) => event.type === "exited")?.event, {
          type: "exited",
          code: null,
          signal: "SIGKILL"
        })
      })
    )
  )

  it.live("gives the agent the environment of its launch, the launch's three names, and nothing of its own", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("", {
          executable: "/usr/bin/env",
          command: ["env"],
          env: { SECRET: "a b=c\nd", PATH: "/bin" }
        })
        yield* journalUntil(link, "cleared")
        const text = Buffer.from((yield* (yield* Output).tail(order.session, 4_096)).bytes).toString()
        assert.deepStrictEqual(text.replaceAll("\r\n", "\n").trimEnd().split("\n").sort(), [
          "PATH=/bin",
          "REPRISE_GENERATION=1",
          `REPRISE_NONCE=${order.nonce}`,
          `REPRISE_SESSION=${order.session}`,
          "SECRET=a b=c",
          "d"
        ])
        assert.isFalse(existsSync(join(launchDirectory(home, order.session, 1), "spec.json")), "the secrets are gone")
      })
    )
  )

  it.live("keeps a flood of every byte there is, byte for byte", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const bytes = Buffer.concat([Buffer.from("grüße 🙂\0\0\x1b[31m"), randomBytes(5 * 1_048_576)])
        writeFileSync(join(home, "flood"), bytes)
        const { link, order } = yield* launched(`stty raw -echo; cat ${home}/flood`)
        const followed = yield* (yield* Output).follow(order.session, 0).pipe(
          Stream.mapAccum(
            () => 0,
            (seen, chunk) => {
              assert.strictEqual(chunk._tag, "Bytes")
              if (chunk._tag !== "Bytes") return [seen, []] as const
              assert.strictEqual(chunk.offset, seen)
              return [seen + chunk.bytes.length, [Buffer.from(chunk.bytes)]] as const
            }
          ),
          Stream.scan(
            () => [] as ReadonlyArray<Buffer>,
            (all, piece) => [...all, piece]
          ),
          Stream.takeUntil((all) => all.reduce((sum, piece) => sum + piece.length, 0) >= bytes.length),
          Stream.runLast,
          Effect.timeout("20 seconds")
        )
        assert.isTrue(followed._tag === "Some" && Buffer.concat(followed.value).equals(bytes))
        const exited = (yield* journalUntil(link, "exited")).at(-1)
        assert.strictEqual(exited?.offset, bytes.length)
      })
    )
  )

  it.live("stays responsive while its agent does not read what is typed", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty raw -echo; echo ready; trap 'echo woken' USR1; while :; do sleep 0.05; done")
        yield* outputUntil(order.session, "ready")
        const big = yield* Effect.forkChild(link.write("big", randomBytes(1_048_576)), { startImmediately: true })
        yield* link.type(Buffer.from("x"))
        yield* link.resize({ cols: 100, rows: 30 })
        yield* link.runLadder("kill")
        yield* journalUntil(link, "cleared")
        assert.strictEqual(yield* Effect.timeout(Fiber.join(big), "5 seconds"), "uncertain")
        assert.strictEqual((yield* link.writeOutcome("big")).outcome, "uncertain")
        assert.strictEqual((yield* link.writeOutcome("never sent")).outcome, "not_written")
        assert.strictEqual(yield* link.write("later", Buffer.from("y")), "not_written")
      })
    )
  )

  it.live("types a write once, however often it comes, and never inside another", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty raw -echo; echo ready; exec cat")
        yield* outputUntil(order.session, "ready")
        const [a, b] = ["a", "b"].map((letter) => Buffer.from(letter.repeat(20_000)))
        yield* Effect.all([link.write("a", a!), link.write("b", b!), link.write("a", a!)], { concurrency: "unbounded" })
        assert.strictEqual(yield* link.write("b", b!), "written")
        yield* link.write("end", Buffer.from("!"))
        const text = (yield* outputUntil(order.session, "!")).split("ready\n")[1]
        assert.strictEqual(text, `${a}${b}!`)
      })
    )
  )

  it.live("reports a launch that cannot work as such, and not as an exit", () =>
    inHome((home) =>
      Effect.gen(function* () {
        writeFileSync(join(home, "plain"), "")
        writeFileSync(join(home, "script"), "#!/no/such/interpreter\n", { mode: 0o755 })
        const broken = [
          { cwd: join(home, "nowhere"), code: "cwd_missing" },
          { cwd: join(home, "plain"), code: "cwd_not_directory" },
          { executable: join(home, "nothing"), code: "executable_missing" },
          { executable: join(home, "plain"), code: "executable_not_executable" },
          { executable: join(home, "script"), code: "executable_not_executable" }
        ]
        for (const { code, ...changes } of broken) {
          const { link, order } = yield* launched("true", changes)
          assert.isNull(link.process)
          const [failed] = yield* journalUntil(link, "launch_failed")
          assert.deepInclude(failed?.event, { type: "launch_failed", code })
          yield* link.acknowledgeExit
          assert.isFalse(existsSync(launchDirectory(home, order.session, 1)))
        }
      })
    )
  )

  it.live("goes when its end is acknowledged, and leaves the output", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty -echo; echo ready; read go; echo bye")
        assert.strictEqual((yield* Effect.flip(link.acknowledgeExit)).reason, "silent", "not before the end")
        yield* outputUntil(order.session, "ready")
        yield* link.write("w", Buffer.from("\r"))
        yield* journalUntil(link, "cleared")
        yield* link.acknowledgeExit
        assert.isNull(yield* (yield* Runtime).remains(order))
        assert.strictEqual(
          readFileSync(join(home, "sessions", order.session, "output", "0000000000000000.out"), "utf8"),
          "ready\r\nbye\r\n"
        )
      })
    )
  )

  it.live("goes when its directory is removed after its agent has ended, and not before", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("read line; exit 0")
        const directory = launchDirectory(home, order.session, order.generation)
        const { pid } = readOwner(directory)!.process
        rmSync(directory, { recursive: true })
        yield* Effect.sleep("2500 millis")
        assert.isFalse(readProcess(pid)?.zombie ?? true, "the agent runs, and its holder with it")
        yield* link.write("w1", Buffer.from("\r"))
        yield* eventually("the holder is gone", () => readProcess(pid)?.zombie ?? true)
      })
    )
  )

  it.live("is reached under a path longer than a socket address", () =>
    inHome(
      () =>
        Effect.gen(function* () {
          const { link, order } = yield* launched("echo far; exec cat")
          yield* outputUntil(order.session, "far")
          assert.strictEqual(yield* link.write("w", Buffer.from("x")), "written")
        }),
      "d".repeat(120)
    )
  )

  it.live("goes on numbering the output where the generation before ended", () =>
    inHome(() =>
      Effect.gen(function* () {
        const first = yield* launched("printf one")
        yield* journalUntil(first.link, "cleared")
        yield* first.link.acknowledgeExit
        const second = order("printf two", { session: first.order.session, generation: 2 })
        yield* (yield* Runtime).launch(second)
        const exited = (yield* journalUntil(yield* connected(second), "exited")).at(-1)
        assert.strictEqual(exited?.offset, 6)
        assert.strictEqual(yield* outputUntil(second.session, "onetwo"), "onetwo")
      })
    )
  )

  it.live("sends every connection the journal from where it asks, and refuses a daemon that was replaced", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("echo hello; exec cat")
        yield* journalUntil(link, "output_began")
        const newer = yield* connected(order, 1, 2)
        const ended = yield* Effect.flip(Stream.runDrain(link.journal))
        assert.strictEqual(ended.reason, "stale_epoch")
        const stale = yield* Effect.flip(connected(order, 0, 1))
        assert.strictEqual(stale.reason, "stale_epoch")
        const foreign = yield* Effect.flip(connected({ ...order, nonce: "f".repeat(32) }, 0, 2))
        assert.strictEqual(foreign.reason, "not_ours")
        const [next] = yield* journalUntil(newer, "output_began")
        assert.strictEqual(next?.n, 2)
        yield* eventually("the newer connection still works", () => newer.offset() === 7)
      })
    )
  )

  it.live("keeps an agent that closes its terminal, and shows what it says when it opens it again", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched(
          `tty=$(tty); echo before; exec <&- >&- 2>&-; sleep 0.2; while [ ! -e ${home}/go ]; do sleep 0.05; done; echo after > $tty; exit 9`
        )
        yield* outputUntil(order.session, "before")
        writeFileSync(join(home, "go"), "")
        const entries = yield* journalUntil(link, "exited")
        assert.deepStrictEqual(entries.at(-1)?.event, { type: "exited", code: 9, signal: null })
        assert.strictEqual(yield* outputUntil(order.session, "after\r\n"), "before\r\nafter\r\n")
      })
    )
  )

  it.live("takes a size and shows it to the agent", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.02; done")
        yield* outputUntil(order.session, "24 80")
        yield* link.resize({ cols: 132, rows: 50 })
        yield* outputUntil(order.session, "50 132")
        const records = yield* Stream.runCollect((yield* Output).index(order.session, 0))
        assert.deepInclude(
          records.find((record) => record.kind === "resize" && record.offset > 0),
          { cols: 132, rows: 50 }
        )
      })
    )
  )

  it.live("reads the last words of an agent before it reports the end, however late it comes to that", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched(
          `echo ready; while [ ! -e ${home}/go ]; do sleep 0.02; done; head -c 3000 /dev/zero; echo last; exit 3`
        )
        yield* outputUntil(order.session, "ready")
        const owner = JSON.parse(readFileSync(join(launchDirectory(home, order.session, 1), "owner"), "utf8"))
        process.kill(owner.process.pid, "SIGSTOP")
        writeFileSync(join(home, "go"), "")
        yield* eventually("the agent has ended", () => readProcess(link.process!.pid)?.zombie === true)
        process.kill(owner.process.pid, "SIGCONT")
        const exited = (yield* journalUntil(link, "exited")).at(-1)
        assert.strictEqual(exited?.offset, "ready\r\n".length + 3_000 + "last\r\n".length)
        const tail = yield* (yield* Output).tail(order.session, 6)
        assert.strictEqual(Buffer.from(tail.bytes).toString(), "last\r\n")
      })
    )
  )

  it.live("that hangs is silent, not gone, and is found again when it goes on", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { order } = yield* launched("stty -echo; echo ready; exec cat")
        yield* outputUntil(order.session, "ready")
        const owner = JSON.parse(readFileSync(join(launchDirectory(home, order.session, 1), "owner"), "utf8"))
        process.kill(owner.process.pid, "SIGSTOP")
        assert.strictEqual((yield* Effect.flip(connected(order, 0, 2))).reason, "silent")
        process.kill(owner.process.pid, "SIGCONT")
        const link = yield* connected(order, 0, 3)
        assert.strictEqual(yield* link.write("w", Buffer.from("awake\r")), "written")
        yield* outputUntil(order.session, "awake")
      })
    )
  )

  it.live("is not ended by the signals that end a daemon", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* launched("stty -echo; echo ready; exec cat")
        yield* outputUntil(order.session, "ready")
        const owner = JSON.parse(readFileSync(join(launchDirectory(home, order.session, 1), "owner"), "utf8"))
        for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.kill(owner.process.pid, signal)
        assert.strictEqual(yield* link.write("w", Buffer.from("still here\r")), "written")
        yield* outputUntil(order.session, "still here")
      })
    )
  )
})

describe("a disk that is full", () => {
  const total = "ready\n".length + 12_000_000 + "through\nend\n".length
  /** Twelve megabytes for a disk of eight: an agent that has written them all, and waits to be ended. */
  const flooded = Effect.fnUntraced(function* (home: string) {
    smallDisk(join(home, "sessions"), "8m")
    const script = `stty raw -echo; echo ready; while [ ! -e ${home}/flood ]; do sleep 0.02; done; head -c 12000000 /dev/zero; echo through
      echo > ${home}/through; while [ ! -e ${home}/end ]; do sleep 0.02; done; echo end; exit 6`
    const held = yield* launched(script)
    yield* outputUntil(held.order.session, "ready")
    assert.lengthOf(listSegments(outputDirectory(home, held.order.session)), 1)
    writeFileSync(join(home, "flood"), "")
    // Room that is made earlier may be room enough: then there is no gap.
    yield* eventually("the agent has written it all", () => existsSync(join(home, "through")))
    yield* eventually("the disk is full", () => freeBytes(join(home, "sessions")) < 65_536)
    return held
  })
  const droppedBeforeExit = (entries: ReadonlyArray<JournalEntry>) => {
    assert.deepStrictEqual(entries.at(-1)?.event, { type: "exited", code: 6, signal: null })
    assert.strictEqual(entries.at(-1)?.offset, total)
    return entries.flatMap(({ event }) => (event.type === "output_dropped" && event.reason === "disk_full" ? [event] : []))
  }

  it.live.skipIf(!canMount)("costs one gap, though room for a part of what waits is made in between", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const disk = join(home, "sessions")
        smallDisk(disk, "4m")
        const filler = join(disk, "filler")
        writeFileSync(filler, Buffer.alloc(100_000))
        const drops: Array<readonly [number, number]> = []
        const spool = new Spool({
          ...{ directory: join(disk, "output"), retentionBytes: 67_108_864, size: { cols: 80, rows: 24 } },
          onDropped: (from, to) => void drops.push([from, to]),
          onKept: () => {}
        })
        const flood = () => {
          for (let chunk = 0; chunk < 100; chunk++) spool.append(Buffer.alloc(65_536, "x"))
        }
        flood()
        rmSync(filler)
        spool.flush()
        flood()
        const all = spool.offset
        rmSync(bytesPath(join(disk, "output"), listSegments(join(disk, "output"))[0]!))
        spool.close()
        assert.lengthOf(drops, 1, JSON.stringify(drops))
        assert.strictEqual(spool.kept, all)
      })
    )
  )

  it.live.skipIf(!canMount)("costs a recorded gap, and neither the agent nor its exit", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order } = yield* flooded(home)
        const { session } = order
        const ballast = listSegments(outputDirectory(home, session))[0]!
        rmSync(bytesPath(outputDirectory(home, session), ballast))
        writeFileSync(join(home, "end"), "")
        assert.lengthOf(droppedBeforeExit(yield* journalUntil(link, "exited")), 1)
        const output = yield* Output
        assert.strictEqual(yield* output.end(session), total)
        const tail = yield* output.tail(session, 100)
        assert.isTrue(Buffer.from(tail.bytes).toString().endsWith("\0through\nend\n"))
      })
    )
  )

  it.live.skipIf(!canMount)("and stays full costs the gap too, and leaves the last words readable", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { link, order: first } = yield* flooded(home)
        const { session } = first
        writeFileSync(join(home, "end"), "")
        const gap = droppedBeforeExit(yield* journalUntil(link, "exited")).at(-1)
        const output = yield* Output
        assert.strictEqual(yield* output.end(session), total)
        const tail = yield* output.tail(session, 1_000_000)
        assert.isTrue(Buffer.from(tail.bytes).toString().endsWith("\0through\nend\n"))
        assert.strictEqual(tail.from, gap?.to, "what was not dropped is there")
        yield* journalUntil(link, "cleared")
        yield* link.acknowledgeExit
        rmSync(bytesPath(outputDirectory(home, session), 0))
        const second = order("printf two", { session, generation: 2 })
        yield* (yield* Runtime).launch(second)
        assert.strictEqual((yield* journalUntil(yield* connected(second), "exited")).at(-1)?.offset, total + 3)
      })
    )
  )
})
