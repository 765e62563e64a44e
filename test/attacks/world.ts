/** Attacks of the machine that a daemon lives on: terminals that close, logs that nothing reads, ignored signals, odd directories. */
import { spawn, spawnSync } from "node:child_process"
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import * as Pty from "node-pty"
import { listProcesses } from "../../src/infra/holder/process-table.ts"
import { type Birth, TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const executable = join(import.meta.dirname, "../../bin/reprise.js")

const alone = (id: string, does: string, promise: string, run: () => Promise<string>): Attack => ({
  ...{ id, does, promise, run },
  attacker: "machine",
  isAlone: true
})

/** A daemon that is started so, ended after `run`. */
const bornWith = async (birth: Birth, run: (daemon: TestDaemon) => Promise<string>, environment: Readonly<Record<string, string>> = {}) => {
  const daemon = new TestDaemon()
  await using _ = daemon
  await daemon.start(environment, birth)
  return await run(daemon)
}

/** The daemon writes to its log, a line for each slice of a spool with calls that are none, and answers afterwards. */
const goesOnWriting = async (daemon: TestDaemon, lines = 1) => {
  const { id } = await daemon.create(["sh", "-c", 'echo "SPOOL=$REPRISE_HOOK_SPOOL."; exec sleep 1000'], { provider: "claude-code" })
  const spool = await until("the agent names its spool", async () => /SPOOL=(\S+)\./.exec(await daemon.output(id))?.[1])
  await until("the spool's directory is there", () => existsSync(dirname(spool)))
  for (let line = 0; line < lines; line++) appendFileSync(spool, `this is no call ${"x".repeat(180)}\n`)
  const { size } = statSync(spool)
  const cursor = join(daemon.home, "sessions", id, "agent", "hooks.cursor")
  await until("the daemon has read its spool", () => existsSync(cursor) && Number(readFileSync(cursor, "utf8")) >= size, 60_000)
  const { status } = await daemon.ask("GET", "/readyz")
  if (status !== 200) throw new Error(`readyz: ${status}`)
}

const reprise = (home: string, words: ReadonlyArray<string>, more: { readonly cwd?: string; readonly env?: Record<string, string> } = {}) =>
  spawnSync(process.execPath, [executable, "--home", home, ...words], {
    encoding: "utf8",
    timeout: 60_000,
    cwd: more.cwd,
    env: { ...process.env, ...more.env }
  })

/** A daemon in a terminal of its own, which is its standard input, output and error. */
const inTerminal = async (run: (daemon: TestDaemon, terminal: Pty.IPty) => Promise<string>) => {
  const daemon = new TestDaemon()
  const terminal = Pty.spawn(process.execPath, [executable, "--home", daemon.home, "serve", "--port", "0"], {})
  try {
    await daemon.adopted()
    return await run(daemon, terminal)
  } finally {
    reprise(daemon.home, ["shutdown", "--stop-all"])
    rmSync(daemon.home, { recursive: true, force: true })
  }
}

type Inside = (...words: ReadonlyArray<string>) => ReturnType<typeof reprise>

/** A container as far as processes go. Its end ends everything in it. */
const inContainer = async (
  command: ReadonlyArray<string>,
  run: (inside: Inside, home: string, init: number) => Promise<string>
): Promise<string> => {
  const home = mkdtempSync(join(tmpdir(), "reprise-container-"))
  const env = { ...process.env, REPRISE_HOME: home, REPRISE_PORT: "0" }
  const container = spawn("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", ...command], { env, stdio: "ignore" })
  try {
    const children = `/proc/${container.pid}/task/${container.pid}/children`
    const init = Number(await until("the container runs", () => readFileSync(children, "utf8").trim() || null))
    const inside: Inside = (...words) =>
      spawnSync("nsenter", ["-t", `${init}`, "-p", "-m", process.execPath, executable, ...words], {
        encoding: "utf8",
        env,
        timeout: 60_000
      })
    return await run(inside, home, init)
  } finally {
    const ended = new Promise((resolve) => container.once("exit", resolve))
    container.kill("SIGKILL")
    if (container.exitCode === null && container.signalCode === null) await ended
    rmSync(home, { recursive: true, force: true })
  }
}

/** Zombies too. */
const statesBelow = (parent: number) => listProcesses().filter((row) => row.parent === parent)

const rssMb = (pid: number) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024)

const signals = ["ABRT", "SEGV", "BUS", "SYS", "IO", "XCPU", "PWR", "RTMIN", "RTMIN+3", "RTMAX-2", "RTMAX"]

export const world: ReadonlyArray<Attack> = [
  {
    id: "world-01",
    attacker: "agent",
    does: `ends by each of ${signals.length} signals, second names and real-time signals among them`,
    promise: "names each as kill -l does",
    run: async ({ daemon }) => {
      for (const name of signals) {
        const { id } = await daemon.create(["bash", "-c", `ulimit -c 0; kill -${name} $$`])
        const { exit } = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        if (exit?.signal !== `SIG${name}`) throw new Error(`SIG${name} is called ${exit?.signal}`)
      }
      return `${signals.length} of ${signals.length}`
    }
  },
  {
    id: "world-02",
    attacker: "stranger",
    does: "sends a body that is compressed",
    promise: "answers 415 before it reads the body",
    run: async ({ bystander, daemon }) => {
      const answer = await fetch(`${daemon.url}/v1/sessions/${bystander.id}/input`, {
        method: "POST",
        headers: { authorization: `Bearer ${daemon.token}`, "content-type": "application/json", "content-encoding": "gzip" },
        body: gzipSync('{"text":"x"}')
      })
      if (answer.status !== 415) throw new Error(`${answer.status}`)
      return "415"
    }
  },
  alone("world-03", "sends SIGHUP to the daemon, as a closed terminal does", "goes on", () =>
    bornWith({ shell: "trap '' HUP;" }, async (daemon) => {
      process.kill(daemon.pid, "SIGHUP")
      await goesOnWriting(daemon)
      return "it goes on"
    })
  ),
  alone("world-04", "starts the daemon by a script's & and presses Ctrl-C and Ctrl-\\", "leaves the keys to the script", async () => {
    const daemon = new TestDaemon()
    const words = `"${process.execPath}" "${executable}" --home "${daemon.home}" serve --port 0`
    const script = Pty.spawn(
      "/bin/sh",
      ["-c", `trap 'echo int-$((1+1))' INT; trap 'echo quit-$((1+1))' QUIT; ${words} & echo started $!; while :; do sleep 0.1; done`],
      {}
    )
    let shown = ""
    script.onData((text) => {
      shown += text
    })
    try {
      const pid = Number((await until("the daemon's pid", () => /started (\d+)/.exec(shown)))[1])
      await until("the daemon listens", () => /message=listening|msg=listening/.test(shown), 30_000)
      script.write("\x03")
      await until("the script has Ctrl-C", () => shown.includes("int-2"))
      script.write("\x1c")
      await until("the script has Ctrl-\\", () => shown.includes("quit-2"))
      // It takes no signal after a request that it has answered.
      const answer = reprise(daemon.home, ["ls"])
      process.kill(pid, 0)
      if (answer.status !== 0) throw new Error(answer.stderr)
      return "it goes on"
    } finally {
      const ended = reprise(daemon.home, ["shutdown", "--stop-all"])
      script.kill("SIGKILL")
      rmSync(daemon.home, { recursive: true, force: true })
      if (ended.status !== 0) console.warn(ended.stderr)
    }
  }),
  alone("world-05", "closes the pipe that the daemon logs to", "goes on", () =>
    bornWith({ shell: "exec 2>&1;", stdio: ["ignore", "pipe", "ignore"] }, async (daemon) => {
      daemon.closeLog()
      await goesOnWriting(daemon)
      return "it goes on"
    })
  ),
  alone("world-06", "gives the daemon a full disk to log to", "goes on", async () => {
    const full = openSync("/dev/full", "w")
    try {
      return await bornWith({ stdio: ["ignore", full, full] }, async (daemon) => {
        await goesOnWriting(daemon)
        return "it goes on"
      })
    } finally {
      closeSync(full)
    }
  }),
  alone("world-07", "starts the daemon with its standard streams closed", "goes on, and no file of its own gets their numbers", () =>
    bornWith({ shell: "exec 0<&- 1>&- 2>&-;", stdio: "ignore" }, async (daemon) => {
      await goesOnWriting(daemon)
      return "it goes on"
    })
  ),
  alone("world-08", "closes the daemon's terminal", "goes on", () =>
    inTerminal(async (daemon, terminal) => {
      ;(terminal as unknown as { readonly destroy: () => void }).destroy()
      await goesOnWriting(daemon)
      return "it goes on"
    })
  ),
  alone("world-09", "stops the daemon's terminal with Ctrl-S", "answers all the while", () =>
    inTerminal(async (daemon, terminal) => {
      terminal.write("\x13")
      await goesOnWriting(daemon, 10)
      terminal.write("\x11")
      return "it answers"
    })
  ),
  alone("world-12", "reads nothing of what the daemon logs, and has an agent write 30,000 lines that are no calls", "goes on", () =>
    bornWith({ shell: "exec 2>&1;" }, async (daemon) => {
      daemon.stopReadingLog()
      const before = rssMb(daemon.pid)
      await goesOnWriting(daemon, 30_000)
      return `${before} MB before, ${rssMb(daemon.pid)} MB after`
    })
  ),
  alone(
    "world-10",
    "ends the login that the daemon was started from, and begins another",
    "gives agents the SSH agent of the caller, or none",
    () =>
      bornWith(
        {},
        async (daemon) => {
          const said = async (env: Record<string, string>) => {
            const { SSH_AUTH_SOCK: _, ...rest } = { ...process.env, ...env }
            const made = spawnSync(
              process.execPath,
              [executable, "--home", daemon.home, "run", "--detach", "sh", "-c", 'echo "<$SSH_AUTH_SOCK|$DISPLAY|$TERM>"; sleep 1000'],
              { encoding: "utf8", env: { ...rest, ...env } }
            )
            const id = made.stdout.trim()
            return until("the agent prints its environment", async () => /<(.*)>/.exec(await daemon.output(id))?.[1])
          }
          const found = [await said({ SSH_AUTH_SOCK: "/tmp/second", TERM: "screen" }), await said({ TERM: "dumb" })]
          const wanted = ["/tmp/second||xterm-256color", "||xterm-256color"]
          if (found.join() !== wanted.join()) throw new Error(found.join(", "))
          return found.join(", ")
        },
        { SSH_AUTH_SOCK: "/tmp/first", DISPLAY: "", TERM: "vt100" }
      )
  ),
  {
    id: "world-11",
    attacker: "machine",
    does: "removes the directory that commands run in",
    promise: "says so in one sentence where the directory is needed, and answers everything else",
    run: async ({ daemon }) => {
      const gone = mkdtempSync(join(tmpdir(), "reprise-gone-"))
      const from = (...words: ReadonlyArray<string>) =>
        spawnSync("/bin/sh", ["-c", `cd "$1"; rmdir "$1"; shift; exec "$@"`, "sh", gone, process.execPath, executable, ...words], {
          encoding: "utf8"
        })
      const lines: Array<string> = []
      for (const words of [
        ["--home", daemon.home, "run", "--detach", "sleep", "1000"],
        ["--home", daemon.home, "run", "--detach", "--cwd", "relative", "sleep", "1000"],
        ["--home", "relative", "ls"]
      ]) {
        mkdirSync(gone, { recursive: true })
        const { status, stderr } = from(...words)
        if (status !== 2 || !stderr.includes("was removed") || stderr.trim().includes("\n")) throw new Error(`${status}: ${stderr}`)
        lines.push(stderr)
      }
      mkdirSync(gone, { recursive: true })
      const { status } = from("--home", daemon.home, "ls")
      if (status !== 0) throw new Error(`ls: ${status}`)
      return `${lines.length} sentences; ls: 0`
    }
  },
  {
    ...alone(
      "world-13",
      "reaps no process of a container, as `sleep infinity` does",
      "sees that a daemon has ended which stays a zombie",
      () =>
        inContainer(["sleep", "infinity"], async (inside, home) => {
          const started = inside("run", "--start", "--detach", "sleep", "1000")
          if (started.status !== 0) throw new Error(started.stderr)
          const { status, stderr } = inside("shutdown", "--stop-all", "--timeout", "20s")
          if (status !== 0) throw new Error(`${status}: ${stderr}`)
          return existsSync(join(home, "daemon.json")) ? "daemon.json is left" : "exit code 0"
        })
    ),
    needsRoot: true
  },
  {
    ...alone("world-14", "makes the daemon the first process of a container", "reaps the orphans of its agents, and ends in order", () =>
      inContainer([process.execPath, executable, "serve", "--port", "0"], async (inside, home, init) => {
        await until("the daemon listens", () => existsSync(join(home, "daemon.json")), 30_000)
        const orphans = "for i in 1 2 3 4 5; do (setsid sleep 4 &); done; sleep 1000"
        const made = inside("run", "--detach", "bash", "-c", orphans)
        if (made.status !== 0) throw new Error(made.stderr)
        const sleeping = () => statesBelow(init).filter(({ command }) => command === "sleep")
        await until("the orphans sleep", () => sleeping().length >= 5)
        await until("the orphans are reaped", () => sleeping().length === 0)
        process.kill(init, "SIGTERM")
        await until("the daemon takes its note away", () => !existsSync(join(home, "daemon.json")))
        return "5 of 5"
      })
    ),
    needsRoot: true
  },
  {
    id: "world-15",
    attacker: "machine",
    does: "moves a project, and the program of an agent, while their session is ended",
    promise: "goes on with the session elsewhere",
    run: async ({ daemon }) => {
      const folder = mkdtempSync(join(tmpdir(), "reprise-moved-"))
      try {
        const place = (...names: ReadonlyArray<string>) => join(folder, ...names)
        for (const name of ["v22", "v24", "project"]) mkdirSync(place(name))
        writeFileSync(place("v22", "myagent"), '#!/bin/sh\necho "at $PWD with $MODE"; exec sleep 1000\n', { mode: 0o755 })
        const path = (version: string) => ({ PATH: `${place(version)}:${process.env.PATH}` })
        const made = reprise(daemon.home, ["run", "--detach", "myagent"], { cwd: place("project"), env: path("v22") })
        const id = made.stdout.trim()
        await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
        const refused = await daemon.ask("PATCH", `/v1/sessions/${id}`, { cwd: "/" })
        if (refused.status !== 409) throw new Error(`a patch of a live session: ${refused.status}`)
        reprise(daemon.home, ["stop", id])
        renameSync(place("v22", "myagent"), place("v24", "myagent"))
        renameSync(place("project"), place("renamed"))
        const resumed = reprise(daemon.home, ["resume", id, "--wait", "--cwd", place("renamed"), "--env", "MODE=new"], { env: path("v24") })
        if (resumed.status !== 0) throw new Error(resumed.stderr)
        await until("the agent runs there", async () => (await daemon.output(id)).includes(`at ${place("renamed")} with new`))
        reprise(daemon.home, ["stop", id])
        await daemon.done("PATCH", `/v1/sessions/${id}`, { env: { PATH: "/" } })
        renameSync(place("v24", "myagent"), place("v22", "myagent"))
        const remembered = reprise(daemon.home, ["resume", id, "--wait"])
        if (remembered.status !== 0) throw new Error(`the folder of the first launch was not tried: ${remembered.stderr}`)
        reprise(daemon.home, ["stop", id])
        const other = reprise(daemon.home, ["resume", id, "--wait", "--command", "sleep", "--command", "1000"])
        const { command } = (await daemon.session(id)) as unknown as { readonly command: ReadonlyArray<string> }
        if (other.status !== 0) throw new Error(other.stderr)
        return `the project, the program, ${command?.join(" ") ?? "another command"}`
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
  },
  {
    ...alone("world-16", "mounts the home's file system noexec", "refuses to start, in one sentence", async () => {
      const folder = mkdtempSync(join(tmpdir(), "reprise-noexec-"))
      try {
        const script = 'mount -t tmpfs -o noexec tmpfs "$1" && shift && exec "$@"'
        const words = [executable, "--home", join(folder, "home"), "serve", "--port", "0"]
        const started = spawnSync("unshare", ["--mount", "sh", "-c", script, "sh", folder, process.execPath, ...words], {
          encoding: "utf8",
          timeout: 30_000
        })
        if (started.status !== 1 || !started.stderr.includes("noexec")) throw new Error(`${started.status}: ${started.stderr}`)
        return "1"
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }),
    needsRoot: true
  },
  {
    ...alone("world-17", "starts the daemon as a user without HOME and without an entry in passwd, in a long home", "starts", async () => {
      const folder = mkdtempSync(join(tmpdir(), "reprise-nameless-"))
      const home = join(folder, "h".repeat(100))
      const id = 65_002
      mkdirSync(home)
      chownSync(folder, id, id)
      chownSync(home, id, id)
      const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: folder }
      const daemon = spawn(process.execPath, [executable, "--home", home, "serve", "--port", "0"], { env, uid: id, gid: id, cwd: "/" })
      try {
        let log = ""
        for (const stream of [daemon.stdout, daemon.stderr])
          stream.on("data", (chunk) => {
            log += chunk
          })
        await until("it listens, or is over", () => log.includes("listening") || daemon.exitCode !== null)
        if (!log.includes("listening")) throw new Error(log)
        const homeless = spawnSync(process.execPath, [executable, "ls"], {
          env: { PATH: env.PATH },
          uid: id,
          gid: id,
          cwd: "/",
          encoding: "utf8"
        })
        if (homeless.status !== 2 || !homeless.stderr.includes("--home")) throw new Error(`${homeless.status}: ${homeless.stderr}`)
        return "it listens; without --home a command ends with 2"
      } finally {
        const ended = new Promise((resolve) => daemon.once("exit", resolve))
        daemon.kill("SIGTERM")
        if (daemon.exitCode === null && daemon.signalCode === null) await ended
        rmSync(folder, { recursive: true, force: true })
      }
    }),
    needsRoot: true
  }
]
