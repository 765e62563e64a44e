/** Attacks of the machine: disks that are full, have no inodes, or are full for a while. */
import { execFileSync } from "node:child_process"
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { end, idsOf, shell, withDaemon } from "./home-daemon.ts"
import { lives } from "./hostile-agent.ts"
import { endHoldersIn, refusalOf } from "./refusals.ts"

/** A home on a file system of its own, which is always unmounted. */
const onDisk = async (options: string, run: (home: string) => Promise<string>): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-disk-"))
  execFileSync("mount", ["-t", "tmpfs", "-o", `mode=0700,${options}`, "reprise-attack", folder])
  const home = join(folder, "home")
  try {
    mkdirSync(home, { mode: 0o700 })
    return await run(home)
  } finally {
    endHoldersIn(home)
    execFileSync("umount", ["-l", folder])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Takes all room but so many bytes. */
const fill = (home: string, left: number): string => {
  const path = join(home, "..", "filler")
  const fd = openSync(path, "a")
  try {
    const block = Buffer.alloc(4_096, 1)
    for (;;) {
      const { bavail, bsize } = statfsSync(home)
      if (bavail * bsize <= left) break
      writeSync(fd, block)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
  } finally {
    closeSync(fd)
  }
  return path
}

const disk = (id: string, does: string, promise: string, options: string, run: (home: string) => Promise<string>): Attack => ({
  id: `disk-${id}`,
  attacker: "machine",
  does,
  promise,
  isAlone: true,
  needsRoot: true,
  run: () => onDisk(options, run)
})

/** Either it runs and takes a session, or it says why not; and it starts where there is room. */
const startsOrSays = async (home: string, filler: string): Promise<string> => {
  const daemon = new TestDaemon(home)
  let outcome: string
  try {
    await daemon.start()
    outcome = `starts; a create is ${(await shell(daemon)).status}`
  } catch {
    outcome = ""
  } finally {
    await end(daemon)
  }
  if (outcome === "") outcome = await refusalOf(home)
  rmSync(filler, { recursive: true, force: true })
  await withDaemon(home, async () => "")
  return `${outcome}; starts with room`
}

export const fullDisks: ReadonlyArray<Attack> = [
  disk("01", "has 8 MB, and is filled by an agent's output", "lives, and forgets nothing that it acknowledged", "size=8m", (home) =>
    withDaemon(home, async (daemon) => {
      const created: Array<string> = []
      const flood = await daemon.create(["sh", "-c", "while :; do head -c 65536 /dev/zero | tr '\\0' x; done"])
      await until("the disk is full", () => statfsSync(home).bavail < 8, 60_000)
      for (let index = 0; index < 20; index++) {
        const { body, status } = await shell(daemon)
        if (status === 201) created.push((body as { readonly id: string }).id)
        else if (status !== 507 && status !== 503) throw new Error(`a create was answered ${status}`)
      }
      const outcome = await lives(daemon)
      for (const id of [...created, flood.id]) await daemon.session(id)
      return `${created.length} of 20 created; ${outcome}`
    })
  ),
  disk("02", "has 2 MB", "starts, or says in one sentence why not", "size=2m", (home) => startsOrSays(home, join(home, "..", "filler"))),
  disk("03", "has 960 kB left at the first start", "starts: the ballast is laid last", "size=16m", async (home) => {
    const filler = fill(home, 960 * 1_024)
    const outcome = await startsOrSays(home, filler)
    if (!outcome.startsWith("starts")) throw new Error(outcome)
    return outcome
  }),
  disk("04", "has 64 kB left at the first start", "starts, or says in one sentence why not", "size=16m", (home) =>
    startsOrSays(home, fill(home, 65_536))
  ),
  disk("05", "has nothing left at the first start", "says in one sentence why it cannot start", "size=16m", (home) =>
    startsOrSays(home, fill(home, 0))
  ),
  disk("06", "has no inodes left at the first start", "says in one sentence why it cannot start", "size=16m,nr_inodes=40", async (home) => {
    const filler = join(home, "..", "many")
    mkdirSync(filler)
    try {
      for (let index = 0; ; index++) writeFileSync(join(filler, `${index}`), "")
    } catch {}
    return startsOrSays(home, filler)
  }),
  disk(
    "07",
    "has four inodes left at the first start",
    "starts, or says in one sentence why not",
    "size=16m,nr_inodes=40",
    async (home) => {
      const filler = join(home, "..", "many")
      mkdirSync(filler)
      for (let index = 0; index < 33; index++) writeFileSync(join(filler, `${index}`), "")
      return startsOrSays(home, filler)
    }
  ),
  disk(
    "08",
    "is full when the daemon is killed, and at its next start",
    "starts, or says why not; nothing acknowledged is lost",
    "size=16m",
    async (home) => {
      const daemon = new TestDaemon(home)
      await daemon.start()
      const kept: Array<string> = []
      for (let index = 0; index < 5; index++) kept.push(((await shell(daemon)).body as { readonly id: string }).id)
      const filler = fill(home, 0)
      const full = await shell(daemon)
      await daemon.kill("SIGKILL")
      const outcome = await startsOrSays(home, filler)
      const found = await withDaemon(home, idsOf)
      const lost = kept.filter((id) => !found.includes(id))
      if (lost.length > 0) throw new Error(`lost: ${lost.join(", ")}`)
      return `a create is ${full.status}; ${outcome}; 5 of 5 found again`
    }
  ),
  disk(
    "09",
    "is full for a while",
    "answers 507 to creates, keeps no directory of a refused session, and goes on when there is room",
    "size=16m",
    (home) =>
      withDaemon(home, async (daemon) => {
        const filler = fill(home, 0)
        const statuses: Array<number> = []
        for (let index = 0; index < 30; index++) statuses.push((await shell(daemon)).status)
        const known = await idsOf(daemon)
        const left = readdirSync(join(home, "sessions")).filter((name) => !known.includes(name))
        if (left.length > 0) throw new Error(`${left.length} directories of refused sessions are left`)
        rmSync(filler)
        const { status } = await until("a create is taken", async () => {
          const answer = await shell(daemon)
          return answer.status === 201 && answer
        })
        const refusals = statuses.filter((each) => each !== 201)
        if (refusals.some((each) => each !== 507 && each !== 503)) throw new Error(statuses.join(" "))
        return `${refusals.length} of 30 refused; then ${status}`
      })
  ),
  disk(
    "34",
    "is filled by the daemon's own creates, and the daemon is killed",
    "copies its write-ahead log into the database where that is what fills the disk; starts, or says why not; nothing acknowledged is lost",
    "size=20m",
    async (home) => {
      const filler = join(home, "..", "filler")
      writeFileSync(filler, Buffer.alloc(4_194_304, 1))
      const daemon = new TestDaemon(home)
      await daemon.start()
      const kept: Array<string> = []
      for (let index = 0; index < 150; index++) {
        const { body, status } = await daemon.ask("POST", "/v1/sessions", { command: ["true"], cwd: "/tmp", keepalive: { mode: "never" } })
        if (status === 201) kept.push((body as { readonly id: string }).id)
        else if (status !== 507 && status !== 503) throw new Error(`a create was answered ${status}`)
      }
      await daemon.kill("SIGKILL")
      const { size } = statSync(join(home, "reprise.db-wal"))
      const outcome = await startsOrSays(home, filler)
      const found = await withDaemon(home, idsOf)
      const lost = kept.filter((id) => !found.includes(id))
      if (lost.length > 0) throw new Error(`lost: ${lost.join(", ")}`)
      const megabytes = (size / 1_048_576).toFixed(1)
      if (size > 4_194_304) throw new Error(`the write-ahead log holds ${megabytes} MB of a full disk`)
      return `${kept.length} of 150 created, ${megabytes} MB in the write-ahead log; ${outcome}; all found again`
    }
  )
]
