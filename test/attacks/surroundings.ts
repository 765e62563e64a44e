/** Attacks by what a daemon was started with: limits, long homes, the login of its caller. */
import { spawn, spawnSync } from "node:child_process"
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

/** What an agent of a daemon prints of itself. */
const says = async (daemon: TestDaemon, script: string, more: Readonly<Record<string, unknown>> = {}) => {
  const command = ["bash", "--norc", "-c", `echo "<$(${script})>"; exec sleep 1000`]
  const { id } = await daemon.create(command, { keepalive: { mode: "never" }, ...more })
  const text = await until("the agent speaks", async () => /<([^>]*)>/.exec(await daemon.output(id))?.[1], 30_000)
  await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  await daemon.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
  return text
}

const linkOf = (path: string): string | null => {
  try {
    return readlinkSync(path)
  } catch {
    // Closed meanwhile.
    return null
  }
}

/** A daemon that a shell starts by this script: its words are the shell's arguments, `$0` is an empty file. */
const fromShell = async (script: string) => {
  const root = join(import.meta.dirname, "../..")
  const home = mkdtempSync(join(tmpdir(), "reprise-from-shell-"))
  const lock = join(home, "lock-of-the-caller")
  const words = [process.execPath, join(root, "bin/reprise.js"), "--home", home, "serve", "--port", "0"]
  const shell = spawn("bash", ["-c", script, lock, ...words], {
    stdio: "ignore",
    env: { ...process.env, XDG_CACHE_HOME: join(root, "node_modules/.cache") }
  })
  const ended = new Promise((resolve) => shell.once("exit", resolve))
  const daemon = new TestDaemon(home)
  await daemon.adopted()
  return {
    ...{ daemon, lock, shell },
    [Symbol.asyncDispose]: async () => {
      process.kill((JSON.parse(readFileSync(join(home, "daemon.json"), "utf8")) as { readonly pid: number }).pid, "SIGTERM")
      await ended
      rmSync(home, { recursive: true, force: true })
    }
  }
}

export const surroundings: ReadonlyArray<Attack> = [
  {
    id: "surroundings-01",
    attacker: "machine",
    does: "starts the daemon from a shell with a soft limit of 300 files",
    promise: "gives its agents that limit, and not the one that Node has raised",
    isAlone: true,
    run: async () => {
      // A shell that stays: its limit is what the daemon was started with.
      await using started = await fromShell('ulimit -S -n 300; "$@"; exit 0')
      const limit = await says(started.daemon, "ulimit -S -n")
      refuse(limit === "300", `the agent may open ${limit} files`)
      return `${limit} files`
    }
  },
  {
    id: "surroundings-02",
    attacker: "local user",
    does: "names a home of 150 bytes",
    promise: "gives its agents a temporary directory whose sockets fit in 107 bytes, and removes its name with the session",
    isAlone: true,
    run: async () => {
      const home = mkdtempSync(join(tmpdir(), `reprise-${"long".repeat(35)}-`))
      await using daemon = await new TestDaemon(home).start()
      const command = ["bash", "--norc", "-c", 'cd "$TMPDIR" && echo "<$TMPDIR>"; exec sleep 1000']
      const { id } = await daemon.create(command, { provider: "codex", keepalive: { mode: "never" } })
      const path = await until(
        "the agent speaks",
        async () => /<([^>]*)>/.exec((await daemon.output(id)).replaceAll(/\r?\n/g, ""))?.[1],
        30_000
      )
      refuse(path.length + "/cc-socks/4194304.sock".length <= 107, `${path.length} bytes: ${path}`)
      await daemon.done("POST", `/v1/sessions/${id}/terminate`, {})
      await daemon.reaches(id, "over", ({ state }) => state === "terminated", 30_000)
      await until("its name is removed", () => lstatSync(path, { throwIfNoEntry: false }) === undefined)
      return `${path.length} bytes`
    }
  },
  {
    id: "surroundings-03",
    attacker: "machine",
    does: "starts the daemon in a terminal of another kind, and with the keys of another login",
    promise: "gives its agents the terminal that they have, and none of those keys",
    isAlone: true,
    run: async () => {
      await using daemon = await TestDaemon.started({ TERM: "dumb", COLORTERM: "", SSH_AUTH_SOCK: "/tmp/of-another-login" })
      const text = await says(daemon, 'echo "$TERM,$COLORTERM,$SSH_AUTH_SOCK"')
      refuse(text === "xterm-256color,truecolor,", text)
      const asked = await says(daemon, 'echo "$SSH_AUTH_SOCK"', { env: { SSH_AUTH_SOCK: "/tmp/of-this-login" } })
      refuse(asked === "/tmp/of-this-login", asked)
      return text
    }
  },
  {
    id: "surroundings-04",
    attacker: "machine",
    does: "starts the daemon from a shell that holds a lock through descriptor 200 and has files at 7, 17 and 18",
    promise: "gives none of them to an agent or a holder, and leaves the lock free",
    isAlone: true,
    run: async () => {
      await using started = await fromShell('exec 7>"$0" 17>"$0" 18<"$0" 200>"$0"; flock 200; exec "$@"')
      const { daemon, lock, shell } = started
      const { home } = daemon
      const { id } = await daemon.create(["sleep", "1000"], { keepalive: { mode: "never" } })
      await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      const owner = readFileSync(join(home, "sessions", id, "g1/owner"), "utf8")
      const holder = (JSON.parse(owner) as { readonly process: { readonly pid: number } }).process.pid
      for (const pid of [holder, ...processesOf(id), shell.pid!]) {
        const open = readdirSync(`/proc/${pid}/fd`).filter((name) => linkOf(`/proc/${pid}/fd/${name}`) === lock)
        refuse(open.length === 0, `process ${pid} has ${open.join(", ")} open`)
      }
      const free = spawnSync("flock", ["--nonblock", lock, "true"])
      refuse(free.status === 0, "the lock is held")
      await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      await daemon.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
      return "no descriptor, the lock is free"
    }
  }
]
