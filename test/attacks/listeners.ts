/** Attacks of local users that listen where a daemon of ours listened: commands and hooks send them no token and no payload. */
import { spawn, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { telling } from "../../src/domain/providers/hook-files/telling.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { end } from "./home-daemon.ts"

/** A user without an account: the kernel knows it by its number. */
const ada = 65_001
const root = join(import.meta.dirname, "../..")
const hookProgram = join(root, "src/infra/hook/program.ts")

/** Each sends the token where it trusts the place. */
const commands: ReadonlyArray<ReadonlyArray<string>> = [
  ["ls"],
  ["doctor"],
  ["providers"],
  ["kill", "s-1"],
  ["send", "s-1", "hello"],
  ["shutdown"]
]

const reprise = (home: string, words: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, [join(root, "bin/reprise.js"), "--home", home, ...words], {
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, ...environment }
  })

interface Intruder extends AsyncDisposable {
  /** All that was sent to it; it listens no more. */
  readonly received: () => Promise<string>
}

/** Another user's program that listens there, answers 401 to everything, and keeps what it is sent. */
const intruderAt = async (place: string | number): Promise<Intruder> => {
  const script = `
    process.umask(0)
    require("net").createServer((client) => {
      client.on("error", () => {})
      client.on("data", (bytes) => {
        process.stdout.write(bytes)
        client.end("HTTP/1.1 401 Unauthorized\\r\\ncontent-length: 0\\r\\n\\r\\n")
      })
    }).listen(...JSON.parse(process.argv[1]), () => process.stdout.write("LISTENING\\n"))`
  const where = typeof place === "number" ? [place, "127.0.0.1"] : [place]
  const program = spawn(process.execPath, ["-e", script, JSON.stringify(where)], { uid: ada, gid: ada, cwd: "/" })
  let said = ""
  for (const stream of [program.stdout, program.stderr])
    stream.on("data", (chunk) => {
      said += chunk
    })
  await until(`the other user listens: ${said}`, () => said.startsWith("LISTENING"))
  const closed = new Promise((resolve) => program.once("close", resolve))
  const received = async () => {
    program.kill("SIGTERM")
    await closed
    return said.slice("LISTENING\n".length)
  }
  return { received, [Symbol.asyncDispose]: async () => void (await received()) }
}

const inFolder = async (run: (folder: string) => Promise<string>): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-listeners-"))
  chmodSync(folder, 0o755)
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Every command meets the intruder and says in one line that no daemon answers. */
const nothingSent = async (home: string, intruder: Intruder, environment: Readonly<Record<string, string>> = {}) => {
  const figures = commands.map((words) => {
    const { status, stderr, stdout } = reprise(home, words, environment)
    const isSaid =
      words[0] === "doctor" ? !/the daemon answers|another daemon/.test(stdout) : status === 5 && stderr.trim().split("\n").length === 1
    return { isSaid, says: `${words[0]}: ${status} ${stdout}${stderr}`, status }
  })
  const sent = await intruder.received()
  const unsaid = figures.find(({ isSaid }) => !isSaid)
  if (unsaid !== undefined || sent !== "") throw new Error(`${unsaid?.says}; sent: ${sent}`)
  return `${commands.length} commands (${figures.map(({ status }) => status).join(", ")}), 0 bytes`
}

const attack = (id: string, does: string, promise: string, run: (folder: string) => Promise<string>): Attack => ({
  id: `listeners-${id}`,
  attacker: "local user",
  does,
  promise,
  isAlone: true,
  needsRoot: true,
  run: () => inFolder(run)
})

/** A home whose daemon was killed: its note is left. */
const killed = async (home: string, environment: Readonly<Record<string, string>> = {}) => {
  mkdirSync(home, { mode: 0o700 })
  const daemon = new TestDaemon(home)
  await daemon.start(environment)
  const { socket, url } = daemon
  await daemon.kill("SIGKILL")
  return { socket, port: Number(new URL(url).port) }
}

/** The socket's path is too long in such a home, so that it lies in the runtime directory, which every user may write to. */
const longHome = (folder: string) => {
  const runtime = join(folder, "run")
  mkdirSync(runtime)
  chmodSync(runtime, 0o1777)
  return { home: join(folder, "long".repeat(40)), environment: { XDG_RUNTIME_DIR: runtime } }
}

/** The other user's, in place of ours. */
const takeDirectory = (place: string) => {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  chownSync(place, ada, ada)
}

/** What a hook is given, with a socket that the other user has made. */
const hookOf = (folder: string, socket: string) => ({
  REPRISE_HOOK_SOCKET: socket,
  REPRISE_HOOK_TOKEN: "hook-token",
  REPRISE_HOOK_SPOOL: join(folder, "spool"),
  REPRISE_SESSION: "s-0123456789ab",
  REPRISE_GENERATION: "1"
})

const spooled = async (folder: string, intruder: Intruder, status: number | null) => {
  const kept = existsSync(join(folder, "spool")) ? readFileSync(join(folder, "spool"), "utf8") : ""
  const sent = await intruder.received()
  if (status !== 0 || sent !== "" || !kept.includes("secret")) throw new Error(`${status}; sent: ${sent}; kept: ${kept}`)
  return "0 bytes sent; exit code 0; the call is in the spool"
}

/** The ways in which a socket of another user comes to stand at a path that we trusted. */
const places: ReadonlyArray<readonly [does: string, take: (folder: string) => string]> = [
  [
    "owns the directory of the socket",
    (folder) => {
      takeDirectory(join(folder, "taken"))
      return join(folder, "taken", "it.sock")
    }
  ],
  [
    "may write to the directory of the socket",
    (folder) => {
      mkdirSync(join(folder, "open"))
      chmodSync(join(folder, "open"), 0o1777)
      return join(folder, "open", "it.sock")
    }
  ]
]

export const listeners: ReadonlyArray<Attack> = [
  attack("31", "gives a command its own home, which is closed to others", "says so in one sentence, without a stack", async (folder) => {
    const home = join(folder, "home")
    mkdirSync(home, { mode: 0o700 })
    writeFileSync(join(home, "reprise.db.lock"), "")
    const said = ["ls", "doctor", "shutdown", "run --detach --start true"].map((words) => {
      const program = [join(root, "bin/reprise.js"), "--home", home, ...words.split(" ")]
      const { status, stderr, stdout } = spawnSync(process.execPath, program, {
        uid: ada,
        gid: ada,
        cwd: "/",
        encoding: "utf8",
        timeout: 30_000
      })
      const says = `${stdout}${stderr}`
      if (status === 0 || says.includes("\n    at ") || says.includes("fault in the program"))
        throw new Error(`${words}: ${status} ${says}`)
      return status
    })
    return said.join(", ")
  }),
  attack(
    "01",
    "listens on the port of a daemon that was killed, whose socket is missing",
    "is not taken for it: commands send no token there",
    async (folder) => {
      const home = join(folder, "home")
      const { port, socket } = await killed(home)
      rmSync(socket)
      await using intruder = await intruderAt(port)
      return nothingSent(home, intruder)
    }
  ),
  attack("02", "listens on that port after the home was renamed", "is not taken for the daemon", async (folder) => {
    const { port } = await killed(join(folder, "home"))
    const home = join(folder, "moved")
    renameSync(join(folder, "home"), home)
    rmSync(join(home, "reprise.sock"))
    await using intruder = await intruderAt(port)
    return nothingSent(home, intruder)
  }),
  attack(
    "03",
    "listens on that port while another process of ours has the pid that the note names",
    "is not taken for the daemon",
    async (folder) => {
      const home = join(folder, "home")
      const { port, socket } = await killed(home)
      rmSync(socket)
      const path = join(home, "daemon.json")
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), pid: process.pid }))
      await using intruder = await intruderAt(port)
      return nothingSent(home, intruder)
    }
  ),
  attack(
    "04",
    "makes the directory of sockets after it was removed, and listens where the daemon of a long home did",
    "is not taken for it: commands send no token there",
    async (folder) => {
      const { environment, home } = longHome(folder)
      const { socket } = await killed(home, environment)
      takeDirectory(dirname(socket))
      await using intruder = await intruderAt(socket)
      return nothingSent(home, intruder, environment)
    }
  ),
  attack("05", "does so, and puts a link there to its directory", "is not taken for the daemon", async (folder) => {
    const { environment, home } = longHome(folder)
    const { socket } = await killed(home, environment)
    takeDirectory(join(environment.XDG_RUNTIME_DIR, "of-ada"))
    rmSync(dirname(socket), { recursive: true })
    symlinkSync(join(environment.XDG_RUNTIME_DIR, "of-ada"), dirname(socket))
    await using intruder = await intruderAt(join(environment.XDG_RUNTIME_DIR, "of-ada", basename(socket)))
    return nothingSent(home, intruder, environment)
  }),
  ...places.flatMap(([does, take], index) => [
    attack(`0${6 + index}`, `${does} to which a hook reports`, "gets no token and no payload of it", async (folder) => {
      const socket = take(folder)
      await using intruder = await intruderAt(socket)
      const env = { ...process.env, ...hookOf(folder, socket) }
      const { status } = spawnSync(process.execPath, [hookProgram, "Stop", '{"secret":1}'], { env, timeout: 30_000 })
      return spooled(folder, intruder, status)
    }),
    attack(`${10 + index}`, `${does} to which an extension in an agent reports`, "gets no token and no payload of it", async (folder) => {
      const socket = take(folder)
      await using intruder = await intruderAt(socket)
      const script = join(folder, "agent.mjs")
      writeFileSync(script, `${telling([process.execPath, hookProgram])}\ntell("Stop", { secret: 1 })\nawait last\n`)
      const { status } = spawnSync(process.execPath, [script], { env: { ...process.env, ...hookOf(folder, socket) }, timeout: 30_000 })
      return spooled(folder, intruder, status)
    }),
    attack(`${20 + index}`, `${does} to which \`reprise report\` is sent`, "gets no token of it", async (folder) => {
      const socket = take(folder)
      await using intruder = await intruderAt(socket)
      const { status, stderr } = reprise(join(folder, "home"), ["report", "--phase", "x"], hookOf(folder, socket))
      const sent = await intruder.received()
      if (status !== 5 || sent !== "") throw new Error(`${status}: ${stderr}; sent: ${sent}`)
      return "5; 0 bytes"
    })
  ]),
  attack(
    "30",
    "takes the directory of sockets over while the daemon runs",
    "moves its socket to a directory that no other user can foresee, and agents report there",
    async (folder) => {
      const { environment, home } = longHome(folder)
      mkdirSync(home, { mode: 0o700 })
      const daemon = new TestDaemon(home)
      try {
        await daemon.start(environment)
        const before = daemon.socket
        takeDirectory(dirname(before))
        await using intruder = await intruderAt(before)
        const named = () => (JSON.parse(readFileSync(join(home, "daemon.json"), "utf8")) as { readonly socket: string }).socket
        await until("the note names another socket", () => named() !== before, 30_000)
        const listed = reprise(home, ["ls"], environment)
        if (listed.status !== 0) throw new Error(`ls: ${listed.status} ${listed.stderr}`)
        const made = reprise(home, ["run", "--detach", "sh", "-c", "echo at=$REPRISE_HOOK_SOCKET; exec sleep 1000"], environment)
        await until("the agent is given the new socket", async () => (await daemon.output(made.stdout.trim())).includes(`at=${named()}`))
        const report = { ...hookOf(folder, before), ...environment, REPRISE_SESSION: made.stdout.trim() }
        const reported = reprise(home, ["report", "--phase", "x"], report)
        const sent = await intruder.received()
        if (sent !== "") throw new Error(`sent: ${sent}`)
        // The token is made up, so a daemon refuses it: it was asked all the same.
        if (reported.status === 5) throw new Error(`report: ${reported.stderr}`)
        const left = dirname(named())
        await end(daemon)
        if (existsSync(left)) throw new Error(`${left} is left`)
        return "ls: 0; 0 bytes to the other user"
      } finally {
        await end(daemon)
      }
    }
  )
]
