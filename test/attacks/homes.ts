/** Attacks of local users by the places that a daemon and its commands use: homes, parents, keys, sockets, files to be written. */
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { TestDaemon } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { pipeAt } from "./hostile-agent.ts"
import { refusalOf, startsIn } from "./refusals.ts"

/** Two users without accounts: the kernel knows them by their numbers. */
const [ada, bob] = [65_001, 65_002]

const inFolder = async (run: (folder: string) => Promise<string>): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-homes-"))
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A place that is refused in one sentence; `prepare` gives the home. */
const refused = (
  id: string,
  does: string,
  prepare: (folder: string) => string | readonly [string, Record<string, string>],
  needsRoot = false
): Attack => ({
  id,
  attacker: "local user",
  does,
  promise: "refuses to start, in one sentence",
  isAlone: true,
  needsRoot,
  run: () =>
    inFolder((folder) => {
      const prepared = prepare(folder)
      return typeof prepared === "string" ? refusalOf(prepared) : refusalOf(prepared[0], prepared[1])
    })
})

const privateHome = (folder: string) => {
  const home = join(folder, "home")
  mkdirSync(home, { mode: 0o700 })
  return home
}
/** The socket's path is too long there, so that it lies elsewhere. */
const longHome = (folder: string) => {
  const home = join(folder, "long".repeat(40))
  mkdirSync(home, { mode: 0o700 })
  return home
}
const keyOf = (name: string) => (folder: string) => {
  const home = privateHome(folder)
  writeFileSync(join(home, name), "k".repeat(64), { mode: 0o600 })
  chownSync(join(home, name), ada, ada)
  return home
}

/** The daemon starts all the same, with its socket in another directory, and the command line finds it there. */
const socketsTaken = (id: string, does: string, take: (place: string) => void): Attack => ({
  id,
  attacker: "local user",
  does,
  promise: "starts with its socket in a directory that no other user can foresee, and leaves the place alone",
  isAlone: true,
  needsRoot: true,
  run: () =>
    inFolder(async (folder) => {
      const runtime = join(folder, "run")
      mkdirSync(runtime)
      chmodSync(runtime, 0o1777)
      const place = join(runtime, `reprise-${process.getuid?.()}`)
      take(place)
      const home = longHome(folder)
      const daemon = new TestDaemon(home)
      try {
        await daemon.start({ XDG_RUNTIME_DIR: runtime })
        if (daemon.socket.startsWith(place)) throw new Error(`the socket is ${daemon.socket}`)
        const { status, stderr } = reprise(home, "ls")
        if (status !== 0 || !daemon.log.includes("is not this user's to use")) throw new Error(`ls ended with ${status}: ${stderr}`)
      } finally {
        await daemon.kill("SIGTERM")
      }
      const left = readdirSync(runtime).filter((name) => !name.startsWith(`reprise-${process.getuid?.()}`))
      const inside = lstatSync(place).isFile() ? [] : readdirSync(place)
      if (left.length + inside.length > 0) throw new Error(`it leaves ${[...left, ...inside].join(", ")}`)
      return "the socket lies in a directory of its own"
    })
})

const reprise = (home: string, ...words: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "../../bin/reprise.js"), "--home", home, ...words], {
    encoding: "utf8",
    timeout: 30_000
  })

/** As another user: what comes of a shell's line. */
const as = (uid: number, line: string) => spawnSync("/bin/sh", ["-c", line], { uid, gid: uid, encoding: "utf8", timeout: 20_000 })

/** A backup that is looked at, or restored in another place. */
const copied = (id: string, how: string, copy: (first: string, home: string) => void): Attack => ({
  id,
  attacker: "local user",
  does: `starts a second daemon on a copy of the log while the agents of the first one live, ${how}`,
  promise: "ends no process of the other home",
  isAlone: true,
  run: () =>
    inFolder(async (folder) => {
      await using first = await TestDaemon.started()
      const session = await first.create(["sleep", "1000"], { keepalive: { mode: "never" } })
      const before = await first.reaches(session.id, "streaming", ({ state }) => state === "streaming")
      const home = privateHome(folder)
      const log = new Sqlite(join(first.home, "reprise.db"))
      await log.backup(join(home, "reprise.db"))
      log.close()
      copy(first.home, home)
      await using second = await new TestDaemon(home).start()
      await second.ask("POST", `/v1/sessions/${session.id}/stop`, {})
      await second.reaches(session.id, "ended", ({ state }) => state === "ended", 90_000)
      const after = await first.session(session.id)
      if (after.state !== "streaming" || after.process?.pid !== before.process?.pid) throw new Error(`the original is ${after.state}`)
      if (!second.log.includes("is left alone")) throw new Error("the daemon of the copy does not say why")
      return "ended in the copy; in the original the same process goes on"
    })
})

export const homes: ReadonlyArray<Attack> = [
  refused("homes-01", "puts a file where the home is", (folder) => {
    writeFileSync(join(folder, "home"), "")
    return join(folder, "home")
  }),
  refused("homes-02", "puts a file where a parent of the home is", (folder) => {
    writeFileSync(join(folder, "file"), "")
    return join(folder, "file", "home")
  }),
  refused("homes-03", "puts a link to nothing where the home is", (folder) => {
    symlinkSync(join(folder, "nowhere"), join(folder, "home"))
    return join(folder, "home")
  }),
  refused("homes-04", "may write to the home", (folder) => {
    const home = privateHome(folder)
    chmodSync(home, 0o777)
    return home
  }),
  refused("homes-05", "may write to the parent of the home", (folder) => {
    mkdirSync(join(folder, "open"))
    chmodSync(join(folder, "open"), 0o777)
    return privateHome(join(folder, "open"))
  }),
  refused("homes-06", "may write to the directory that a link of the home leads through", (folder) => {
    mkdirSync(join(folder, "open"))
    chmodSync(join(folder, "open"), 0o777)
    symlinkSync(privateHome(join(folder, "open")), join(folder, "link"))
    return join(folder, "link")
  }),
  {
    id: "homes-07",
    attacker: "local user",
    does: "may write beside the home in a directory with the sticky bit, as in /tmp",
    promise: "starts: what is ours cannot be replaced there",
    isAlone: true,
    run: () =>
      inFolder(async (folder) => {
        mkdirSync(join(folder, "sticky"))
        chmodSync(join(folder, "sticky"), 0o1777)
        return startsIn(privateHome(join(folder, "sticky")))
      })
  },
  {
    id: "homes-08",
    attacker: "local user",
    does: "looks at a home that its user made with mode 0755",
    promise: "leaves the mode of what it did not make, and keeps its own files private",
    isAlone: true,
    run: () =>
      inFolder(async (folder) => {
        const home = privateHome(folder)
        chmodSync(home, 0o755)
        await startsIn(home)
        const modes = ["token", "hook.key", "hash.key", "reprise.db"].map((name) => statSync(join(home, name)).mode & 0o777)
        if ((statSync(home).mode & 0o777) !== 0o755) throw new Error("the mode of the home was changed")
        if (modes.some((mode) => mode !== 0o600)) throw new Error(modes.map((mode) => mode.toString(8)).join(" "))
        return "0755 stays; four files of mode 0600"
      })
  },
  refused(
    "homes-09",
    "owns the home",
    (folder) => {
      const home = privateHome(folder)
      chownSync(home, ada, ada)
      return home
    },
    true
  ),
  refused(
    "homes-10",
    "owns the parent of the home",
    (folder) => {
      mkdirSync(join(folder, "hers"))
      const home = privateHome(join(folder, "hers"))
      chownSync(join(folder, "hers"), ada, ada)
      return home
    },
    true
  ),
  refused(
    "homes-11",
    "shares a group that may write to the home",
    (folder) => {
      const home = privateHome(folder)
      chownSync(home, 0, bob)
      chmodSync(home, 0o770)
      return home
    },
    true
  ),
  refused(
    "homes-12",
    "owns the link that leads to the home",
    (folder) => {
      chmodSync(folder, 0o1777)
      symlinkSync(privateHome(folder), join(folder, "link"))
      lchownSync(join(folder, "link"), ada, ada)
      return join(folder, "link", "inner")
    },
    true
  ),
  refused("homes-13", "has put a token of its own into the home", keyOf("token"), true),
  refused("homes-14", "has put a hook.key of its own into the home", keyOf("hook.key"), true),
  refused("homes-15", "has put a hash.key of its own into the home", keyOf("hash.key"), true),
  refused("homes-16", "has put a log of its own into the home", keyOf("reprise.db"), true),
  refused("homes-17", "makes the token a pipe", (folder) => {
    const home = privateHome(folder)
    pipeAt(join(home, "token"))
    return home
  }),
  refused("homes-18", "makes the token a link to another file", (folder) => {
    const home = privateHome(folder)
    writeFileSync(join(folder, "other"), "o".repeat(64))
    symlinkSync(join(folder, "other"), join(home, "token"))
    return home
  }),
  refused("homes-19", "makes the log a pipe", (folder) => {
    const home = privateHome(folder)
    pipeAt(join(home, "reprise.db"))
    return home
  }),
  refused("homes-20", "makes the write-ahead log a link", (folder) => {
    const home = privateHome(folder)
    symlinkSync("/dev/zero", join(home, "reprise.db-wal"))
    return home
  }),
  socketsTaken("homes-21", "puts a file where the directory of sockets is", (place) => writeFileSync(place, "")),
  socketsTaken("homes-22", "owns the directory of sockets", (place) => {
    mkdirSync(place)
    chownSync(place, ada, ada)
  }),
  socketsTaken("homes-30", "plants a link to a directory of ours where the directory of sockets is", (place) => {
    mkdirSync(`${place}-ours`, { mode: 0o700 })
    symlinkSync(`${place}-ours`, place)
    lchownSync(place, ada, ada)
  }),
  {
    id: "homes-23",
    attacker: "local user",
    does: "reads the token, the keys, the log, sockets and what a session keeps",
    promise: "lets no other user open any of it",
    needsRoot: true,
    run: async ({ bystander, daemon }) => {
      chmodSync(daemon.home, 0o755)
      try {
        const session = join(daemon.home, "sessions", bystander.id)
        const paths = ["token", "hook.key", "hash.key", "reprise.db", "reprise.db-wal", "daemon.json"].map((name) =>
          join(daemon.home, name)
        )
        const open = [...paths, join(session, "environment.json"), join(session, "g1", "owner")].filter(
          (path) => as(ada, `cat '${path}' > /dev/null`).status === 0
        )
        if (open.length > 0) throw new Error(`${ada} reads ${open.join(", ")}`)
        const socket = `require("net").connect(process.argv[1]).on("connect",()=>process.exit(0)).on("error",()=>process.exit(1))`
        const entered = [daemon.socket, join(session, "g1", "sock")].filter(
          (path) => spawnSync(process.execPath, ["-e", socket, path], { uid: ada, gid: ada, cwd: "/" }).status === 0
        )
        if (entered.length > 0) throw new Error(`${ada} connects to ${entered.join(", ")}`)
        return "8 files and 2 sockets: none"
      } finally {
        chmodSync(daemon.home, 0o700)
      }
    }
  },
  {
    id: "homes-24",
    attacker: "local user",
    does: "makes daemon.json and the token pipes, and waits for a command",
    promise: "hangs at neither, and says which",
    isAlone: true,
    run: () =>
      inFolder(async (folder) => {
        const home = privateHome(folder)
        pipeAt(join(home, "daemon.json"))
        pipeAt(join(home, "token"))
        const { signal, status, stderr } = reprise(home, "ls")
        if (signal !== null || status === 0) throw new Error(`it ended with ${status ?? signal}`)
        return `${status}: ${stderr.trim().replaceAll(home, "HOME").slice(0, 120)}`
      })
  },
  ...(["a pipe", "a link", "a directory"] as const).map(
    (kind, index): Attack => ({
      id: `homes-${25 + index}`,
      attacker: "local user",
      does: `puts ${kind} where a recording is to be written`,
      promise: "replaces a regular file and nothing else",
      run: ({ bystander, daemon }) =>
        inFolder(async (folder) => {
          const out = join(folder, "out.cast")
          writeFileSync(join(folder, "precious"), "precious")
          if (kind === "a pipe") pipeAt(out)
          else if (kind === "a link") symlinkSync(join(folder, "precious"), out)
          else mkdirSync(out)
          const { status, stderr } = reprise(daemon.home, "output", bystander.id, "--cast", "--out", out)
          if (status === 0 || lstatSync(out).isFile()) throw new Error(`it ended with ${status}`)
          if (readFileSync(join(folder, "precious"), "utf8") !== "precious") throw new Error("the other file was changed")
          return `${status}: ${stderr.trim().replaceAll(folder, "…")}`
        })
    })
  ),
  {
    id: "homes-28",
    attacker: "local user",
    does: "reads the command lines of all processes while an agent's hooks run",
    promise: "names no token and no nonce there",
    run: async ({ bystander, daemon }) => {
      const token = readFileSync(join(daemon.home, "token"), "utf8").trim()
      const { nonce } = JSON.parse(readFileSync(join(daemon.home, "sessions", bystander.id, "g1", "owner"), "utf8"))
      const lines = execFileSync("ps", ["-eo", "args", "-ww"], { encoding: "utf8", maxBuffer: 2 ** 26 })
      for (const secret of [token, nonce]) if (lines.includes(secret)) throw new Error("a secret stands in a command line")
      return `${lines.split("\n").length} command lines`
    }
  },
  copied("homes-40", "without the directories of its launches", () => {}),
  copied("homes-41", "with them, and stops the session there", (first, home) => {
    execFileSync("tar", ["-C", first, "--exclude=*.sock", "-cf", join(home, "sessions.tar"), "sessions"])
    execFileSync("tar", ["-C", home, "-xf", join(home, "sessions.tar")])
  }),
  {
    id: "homes-29",
    attacker: "local user",
    does: "left an empty token behind, as a full disk does",
    promise: "makes a new one, and refuses every client without it",
    isAlone: true,
    run: () =>
      inFolder(async (folder) => {
        const home = privateHome(folder)
        writeFileSync(join(home, "token"), "", { mode: 0o600 })
        const daemon = new TestDaemon(home)
        try {
          await daemon.start()
          const { length } = readFileSync(join(home, "token"), "utf8").trim()
          const { status } = await fetch(`${daemon.url}/v1/sessions`, { headers: { authorization: "Bearer " } })
          if (length !== 64 || status !== 401) throw new Error(`${length} characters, ${status}`)
          return "64 characters; without it 401"
        } finally {
          await daemon.kill("SIGTERM")
        }
      })
  }
]
