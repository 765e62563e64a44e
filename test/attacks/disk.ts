/** Attacks of the machine: disks that are full or have no inodes, and a log that is deleted, replaced or damaged. */
import { execFileSync, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
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

/** Runs a daemon there and ends it, with its sessions. */
const withDaemon = async <A>(home: string, run: (daemon: TestDaemon) => Promise<A>): Promise<A> => {
  const daemon = new TestDaemon(home)
  try {
    await daemon.start()
    return await run(daemon)
  } finally {
    await end(daemon)
  }
}
/** A log that cannot record is no reason to leave an agent behind. */
const end = async (daemon: TestDaemon) => {
  for (const id of await idsOf(daemon)) await daemon.ask("POST", `/v1/sessions/${id}/kill`, {}).catch(() => {})
  await daemon.kill("SIGTERM")
}
const idsOf = async (daemon: TestDaemon): Promise<ReadonlyArray<string>> => {
  const { body } = await daemon.ask("GET", "/v1/sessions?limit=1000").catch(() => ({ body: { data: [] } }))
  return ((body as { readonly data?: ReadonlyArray<{ readonly id: string }> }).data ?? []).map(({ id }) => id)
}
const shell = (daemon: TestDaemon) => daemon.ask("POST", "/v1/sessions", { command: ["true"], cwd: "/tmp" })
const named = (daemon: TestDaemon, name: string) => daemon.ask("POST", "/v1/sessions", { command: ["true"], cwd: "/tmp", name })

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

/** Creates are acknowledged until the log is harmed; afterwards none is. All that were are found again by the check. */
const harmed = (
  id: string,
  does: string,
  promise: string,
  harm: (daemon: TestDaemon, log: string) => void,
  mend: ((log: string) => void) | null
): Attack => ({
  id: `disk-${id}`,
  attacker: "machine",
  does,
  promise,
  isAlone: true,
  run: async () => {
    const home = mkdtempSync(join(tmpdir(), "reprise-disk-"))
    try {
      const log = join(home, "reprise.db")
      const outcome = await withDaemon(home, async (daemon) => {
        for (let index = 0; index < 3; index++)
          if ((await named(daemon, `before-${index}`)).status !== 201) throw new Error("no session was created")
        // The clock of files has ticks of some milliseconds: what changes in the tick of a commit is found at the next start.
        for (const id of await idsOf(daemon)) await daemon.reaches(id, "is over", ({ state }) => state === "ended")
        await new Promise((resolve) => setTimeout(resolve, 200))
        harm(daemon, log)
        const { body, status } = await named(daemon, "after")
        const { code, detail } = body as { readonly code?: string; readonly detail?: string }
        if (mend !== null && status !== 503) throw new Error(`a create was answered ${status} ${code}`)
        const ready = (await daemon.ask("GET", "/readyz")).status
        if (ready !== (mend === null ? 200 : 503)) throw new Error(`/readyz is answered ${ready}`)
        const isFound = doctorOf(home).some(({ advice, level }) => level === "fail" && advice?.includes("reprise.db"))
        if (isFound === (mend === null)) throw new Error(`doctor ${isFound ? "fails" : "finds nothing"}`)
        return mend === null ? `a create is ${status}` : `503 ${code}: ${detail?.replaceAll(home, "HOME").slice(0, 100)}…`
      })
      mend?.(log)
      return await withDaemon(home, async (daemon) => {
        const { body } = await daemon.ask("GET", "/v1/sessions?limit=100")
        const found = (body as { readonly data: ReadonlyArray<{ readonly name: string }> }).data.filter(({ name }) =>
          name.startsWith("before-")
        ).length
        if (found !== 3) throw new Error(`${found} of 3 sessions are found again`)
        return `${outcome}; 3 of 3 found again`
      })
    } finally {
      endHoldersIn(home)
      rmSync(home, { recursive: true, force: true })
    }
  }
})

/** A start without its log says so in one line, and doctor says what to do. */
const lostLog = (id: string, does: string, names: string, harm: (log: string) => void): Attack => ({
  id: `disk-${id}`,
  attacker: "machine",
  does,
  promise: "says so in one line at the next start, and in doctor with what to do",
  isAlone: true,
  run: () =>
    killedLog(async (home, log) => {
      harm(log)
      const warns = () =>
        doctorOf(home).filter(({ advice, level, says }) => level === "warn" && advice !== undefined && says.includes(names))
      const before = warns().length
      return withDaemon(home, async (daemon) => {
        const lines = daemon.log.split("\n").filter((line) => line.includes("level=WARN") && line.includes(names))
        const after = warns()
        if (lines.length !== 1 || before !== 1 || after.length !== 1)
          throw new Error(`${lines.length} lines; doctor warns ${before} times before the start, and ${after.length} times after it`)
        return after[0]!.says.replaceAll(home, "HOME")
      })
    })
})

interface Found {
  readonly level: string
  readonly says: string
  readonly advice?: string
}
const doctorOf = (home: string): ReadonlyArray<Found> => {
  const { stdout } = spawnSync(process.execPath, ["bin/reprise.js", "--home", home, "--json", "doctor"], {
    encoding: "utf8",
    timeout: 60_000
  })
  return JSON.parse(stdout) as ReadonlyArray<Found>
}

/** The log of a daemon that was killed, with sessions in its write-ahead log alone. */
const killedLog = async (run: (home: string, log: string) => Promise<string>): Promise<string> => {
  const home = mkdtempSync(join(tmpdir(), "reprise-disk-"))
  try {
    const daemon = new TestDaemon(home)
    await daemon.start()
    const ids: Array<string> = []
    for (let index = 0; index < 5; index++) ids.push(((await shell(daemon)).body as { readonly id: string }).id)
    for (const id of ids) await daemon.reaches(id, "is over", ({ state }) => state === "ended")
    await daemon.kill("SIGKILL")
    return await run(home, join(home, "reprise.db"))
  } finally {
    endHoldersIn(home)
    rmSync(home, { recursive: true, force: true })
  }
}
const overwrite = (path: string, at: number, bytes: Buffer) => {
  const fd = openSync(path, "r+")
  writeSync(fd, bytes, 0, bytes.length, at)
  closeSync(fd)
}
const damagedStart = (
  id: string,
  does: string,
  at: (size: number) => number,
  harm: (size: number) => Buffer = () => Buffer.alloc(16, 0xa5)
): Attack => ({
  id: `disk-${id}`,
  attacker: "machine",
  does,
  promise: "says at the start how many commits cannot be read, and starts without them when it is told so",
  isAlone: true,
  run: () =>
    killedLog(async (home, log) => {
      const { size } = statSync(`${log}-wal`)
      overwrite(`${log}-wal`, at(size), harm(size))
      const sentence = await refusalOf(home)
      const bytes = /truncate -s (\d+) /.exec(sentence)?.[1]
      if (bytes === undefined) throw new Error(sentence)
      if (statSync(`${log}-wal`).size !== size) throw new Error("the write-ahead log was changed")
      truncateSync(`${log}-wal`, Number(bytes))
      await withDaemon(home, async () => "")
      return sentence.slice(0, 160)
    })
})

const mib = 1_048_576

export const disks: ReadonlyArray<Attack> = [
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
  disk("09", "is full for a while", "answers 507 to creates, and goes on when there is room", "size=16m", (home) =>
    withDaemon(home, async (daemon) => {
      const filler = fill(home, 0)
      const statuses: Array<number> = []
      for (let index = 0; index < 30; index++) statuses.push((await shell(daemon)).status)
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
  harmed(
    "10",
    "deletes the log while the daemon runs",
    "writes nothing more, and leaves a copy",
    (_, log) => rmSync(log),
    (log) => {
      renameSync(`${log}.rescued`, log)
      rmSync(`${log}-wal`, { force: true })
      rmSync(`${log}-shm`, { force: true })
    }
  ),
  harmed(
    "11",
    "replaces the log by an empty file",
    "writes nothing more, and leaves a copy",
    (_, log) => {
      renameSync(log, `${log}.old`)
      writeFileSync(log, "")
    },
    (log) => {
      renameSync(`${log}.rescued`, log)
      rmSync(`${log}-wal`, { force: true })
      rmSync(`${log}-shm`, { force: true })
    }
  ),
  harmed(
    "12",
    "deletes the write-ahead log while the daemon runs",
    "writes nothing more, and leaves a copy",
    (_, log) => rmSync(`${log}-wal`),
    (log) => {
      renameSync(`${log}.rescued`, log)
      rmSync(`${log}-shm`, { force: true })
    }
  ),
  harmed(
    "13",
    "empties the write-ahead log while the daemon runs",
    "writes nothing more",
    (daemon, log) => {
      copyFileSync(`${log}-wal`, join(daemon.home, "wal"))
      truncateSync(`${log}-wal`, 0)
    },
    (log) => renameSync(join(log, "..", "wal"), `${log}-wal`)
  ),
  harmed(
    "14",
    "overwrites a frame of the write-ahead log while the daemon runs",
    "writes nothing more",
    (daemon, log) => {
      copyFileSync(`${log}-wal`, join(daemon.home, "wal"))
      overwrite(`${log}-wal`, 32 + 24 + 100, Buffer.alloc(2_000, 0x5a))
    },
    (log) => renameSync(join(log, "..", "wal"), `${log}-wal`)
  ),
  harmed("15", "touches the log, as a backup may", "goes on", (_, log) => utimesSync(log, 1, 1), null),
  harmed(
    "16",
    "has another program read the log, and checkpoint it",
    "goes on",
    (_, log) => {
      const other = new Sqlite(log)
      other.prepare("select count(*) from events").get()
      other.pragma("wal_checkpoint(PASSIVE)")
      other.close()
    },
    null
  ),
  damagedStart("17", "damages the head of the write-ahead log of a daemon that was killed", () => 8),
  damagedStart("18", "damages the first frame of that log", () => 32 + 24 + 200),
  damagedStart("19", "damages a frame in the middle of that log", (size) => 32 + 4_120 * Math.floor((size - 32) / 4_120 / 2) + 500),
  damagedStart(
    "24",
    "zeroes one block of that log, a frame's header with it",
    () => 3 * 4_096,
    () => Buffer.alloc(4_096)
  ),
  damagedStart(
    "25",
    "puts noise over one block of that log",
    () => 3 * 4_096,
    () => randomBytes(4_096)
  ),
  damagedStart(
    "26",
    "zeroes a block in the middle of that log",
    (size) => 4_096 * Math.floor(size / 8_192),
    () => Buffer.alloc(4_096)
  ),
  damagedStart(
    "27",
    "zeroes the first 64 KiB of that log",
    () => 0,
    (size) => Buffer.alloc(Math.min(size, 65_536))
  ),
  lostLog("28", "deletes the log between two daemons", "the log knows none", (log) => {
    for (const end of ["", "-wal", "-shm"]) rmSync(`${log}${end}`, { force: true })
  }),
  lostLog("29", "empties the log between two daemons", "the log knows none", (log) => {
    truncateSync(log, 0)
    for (const end of ["-wal", "-shm"]) rmSync(`${log}${end}`, { force: true })
  }),
  lostLog("30", "deletes the write-ahead log between two daemons", "the log knows none", (log) => {
    for (const end of ["-wal", "-shm"]) rmSync(`${log}${end}`, { force: true })
  }),
  lostLog("31", "deletes the log of a daemon that left a copy", "reprise.db.rescued", (log) => {
    copyFileSync(log, `${log}.rescued`)
    for (const end of ["", "-wal", "-shm"]) rmSync(`${log}${end}`, { force: true })
  }),
  ...(["zeros", "text", "a directory", "a link"] as const).map(
    (kind, index): Attack => ({
      id: `disk-${20 + index}`,
      attacker: "machine",
      does: `has ${kind} where the log was`,
      promise: "refuses to start, in one sentence",
      isAlone: true,
      run: async () => {
        const home = mkdtempSync(join(tmpdir(), "reprise-disk-"))
        const log = join(home, "reprise.db")
        try {
          if (kind === "zeros") writeFileSync(log, Buffer.alloc(2 * mib))
          else if (kind === "text") writeFileSync(log, "these are not the facts\n".repeat(1_000))
          else if (kind === "a directory") mkdirSync(log)
          else {
            writeFileSync(join(home, "elsewhere"), "")
            symlinkSync(join(home, "elsewhere"), log)
          }
          if (!existsSync(log)) throw new Error("nothing is there")
          const before = readFileSync(kind === "a directory" ? "/dev/null" : log)
          const sentence = await refusalOf(home)
          if (kind !== "a directory" && !before.equals(readFileSync(log))) throw new Error("it was changed")
          return sentence
        } finally {
          rmSync(home, { recursive: true, force: true })
        }
      }
    })
  )
]
