/** Attacks of the machine: a log that is deleted, replaced or damaged, while its daemon runs and before its start. */
import { spawnSync } from "node:child_process"
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
import { readWriteAhead } from "../../src/infra/log/write-ahead.ts"
import { TestDaemon } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { idsOf, mib, named, shell, withDaemon } from "./home-daemon.ts"
import { endHoldersIn, refusalOf } from "./refusals.ts"

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
  at: (size: number, log: string) => number,
  harm: (size: number) => Buffer = () => Buffer.alloc(16, 0xa5)
): Attack => ({
  id: `disk-${id}`,
  attacker: "machine",
  does,
  promise: "says at the start how many commits cannot be read, and starts without them when its user says so",
  isAlone: true,
  run: () =>
    killedLog(async (home, log) => {
      const { size } = statSync(`${log}-wal`)
      overwrite(`${log}-wal`, at(size, log), harm(size))
      const sentence = await refusalOf(home)
      const bytes = /truncate -s (\d+) /.exec(sentence)?.[1]
      if (bytes === undefined) throw new Error(sentence)
      if (statSync(`${log}-wal`).size !== size) throw new Error("the write-ahead log was changed")
      truncateSync(`${log}-wal`, Number(bytes))
      rmSync(`${log}-shm`)
      await withDaemon(home, async () => "")
      return sentence.slice(0, 160)
    })
})

/** The copy that the daemon has left takes the log's place. */
const restoredWhole = (log: string) => {
  renameSync(`${log}.rescued`, log)
  for (const end of ["-wal", "-shm"]) rmSync(`${log}${end}`, { force: true })
}

const restoredWriteAhead = (log: string) => renameSync(join(log, "..", "wal"), `${log}-wal`)

export const harmedLogs: ReadonlyArray<Attack> = [
  harmed("10", "deletes the log while the daemon runs", "writes nothing more, and leaves a copy", (_, log) => rmSync(log), restoredWhole),
  harmed(
    "11",
    "replaces the log by an empty file",
    "writes nothing more, and leaves a copy",
    (_, log) => {
      renameSync(log, `${log}.old`)
      writeFileSync(log, "")
    },
    restoredWhole
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
    restoredWriteAhead
  ),
  harmed(
    "14",
    "overwrites a frame of the write-ahead log while the daemon runs",
    "writes nothing more",
    (daemon, log) => {
      copyFileSync(`${log}-wal`, join(daemon.home, "wal"))
      overwrite(`${log}-wal`, 32 + 24 + 100, Buffer.alloc(2_000, 0x5a))
    },
    restoredWriteAhead
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
  damagedStart("32", "damages the last commit of that log", (_, log) => 32 + 4_120 * ((readWriteAhead(log)?.frames ?? 0) - 1) + 24 + 200),
  {
    id: "disk-33",
    attacker: "machine",
    does: "deletes the write-ahead log of a daemon that was killed, and leaves its index",
    promise: "says at the start that its newest commits are gone, and starts without them when its user says so",
    isAlone: true,
    run: () =>
      killedLog(async (home, log) => {
        rmSync(`${log}-wal`)
        const sentence = await refusalOf(home)
        if (!sentence.includes("its write-ahead log is gone")) throw new Error(sentence)
        return sentence.slice(0, 160)
      })
  },
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
