/** A living daemon whose files were lost or replaced: the command line still finds it, and the daemon puts them back. */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { TestDaemon, until } from "../support/daemon.ts"
import { start } from "./support.ts"

const ask = (daemon: TestDaemon, ...words: ReadonlyArray<string>) => start(daemon.home, words).ended

/** Does the harm until the command has met it, `keptUp` also while it runs: the daemon may restore a file before the command reads it. */
const met = async (daemon: TestDaemon, harm: () => void, word: RegExp, { keptUp }: { readonly keptUp: boolean }) => {
  for (let tries = 0; tries < 5; tries++) {
    harm()
    const harming = setInterval(() => {
      try {
        if (keptUp) harm()
      } catch {
        // The daemon is about to write it.
      }
    }, 50)
    const listed = await ask(daemon, "ls", "-q").finally(() => clearInterval(harming))
    expect(listed.code, listed.stderr).toBe(0)
    if (word.test(listed.stderr)) return listed
  }
  throw new Error(`no command said ${word}`)
}

const harms: ReadonlyArray<{ readonly does: string; readonly harm: (path: string, other: TestDaemon) => void; readonly says: RegExp }> = [
  {
    does: "removed",
    harm: (path) => rmSync(path, { force: true, recursive: true }),
    says: /daemon\.json is missing; the daemon \(pid \d+\) answers/
  },
  { does: "cut", harm: (path) => truncateSync(path, 20), says: /daemon\.json is not what a daemon writes; the daemon \(pid \d+\) answers/ },
  { does: "emptied", harm: (path) => truncateSync(path, 0), says: /is not what a daemon writes/ },
  {
    does: "replaced by that of another daemon",
    harm: (path, other) => writeFileSync(path, readFileSync(join(other.home, "daemon.json"))),
    says: /daemon\.json names another process \(pid \d+\); the daemon \(pid \d+\) answers/
  },
  {
    does: "replaced by a link",
    harm: (path) => {
      rmSync(path, { force: true, recursive: true })
      symlinkSync("/dev/zero", path)
    },
    says: /is not what a daemon writes/
  },
  {
    does: "replaced by a directory",
    harm: (path) => {
      rmSync(path, { force: true, recursive: true })
      mkdirSync(path)
    },
    says: /is not what a daemon writes/
  }
]

describe("the command line", () => {
  it("reaches a daemon whose note was lost, and the daemon writes it again", { timeout: 180_000 }, async () => {
    await using daemon = await TestDaemon.started()
    await using other = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    const path = join(daemon.home, "daemon.json")
    const written = readFileSync(path, "utf8")
    for (const { does, harm, says } of harms) {
      const { stderr, stdout } = await met(daemon, () => harm(path, other), says, { keptUp: true })
      expect(stdout.trim(), does).toBe(id)
      expect(stderr, does).toContain(`pid ${daemon.pid}`)
      await until(`the note is written again after it was ${does}`, () => isText(path, written), 30_000)
    }
    expect(daemon.log).toContain("was lost or changed")
    const shut = await ask(daemon, "shutdown", "--stop-all")
    expect(shut).toMatchObject({ code: 0, stderr: "" })
    await daemon.ended()
    expect(existsSync(path)).toBe(false)
  })

  it("waits for the socket where it was removed, and the daemon listens there again", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    const { stdout } = await met(
      daemon,
      () => rmSync(daemon.socket, { force: true }),
      /reprise\.sock is missing; the daemon \(pid \d+\) answers at .*reprise\.sock/,
      // The command waits until the socket is back.
      { keptUp: false }
    )
    expect(stdout.trim()).toBe(id)
    await until("the socket is back", () => existsSync(daemon.socket), 30_000)
    const listed = await ask(daemon, "ls", "-q")
    expect(listed).toMatchObject({ code: 0, stderr: "", stdout: `${id}\n` })
  })

  it("names a stopped daemon that it cannot reach by the lock that it holds", { timeout: 120_000 }, async () => {
    await using daemon = await TestDaemon.started()
    process.kill(daemon.pid, "SIGSTOP")
    try {
      rmSync(join(daemon.home, "daemon.json"))
      const [listed, run] = await Promise.all([ask(daemon, "ls"), ask(daemon, "run", "-d", "--start", "true")])
      expect(listed.code).toBe(5)
      for (const { stderr } of [listed, run]) {
        expect(stderr).toContain(`(pid ${daemon.pid}) is stopped`)
        expect(stderr).toContain(`kill -CONT ${daemon.pid}`)
      }
    } finally {
      process.kill(daemon.pid, "SIGCONT")
    }
  })
})

const isText = (path: string, text: string) =>
  lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path, "utf8") === text
