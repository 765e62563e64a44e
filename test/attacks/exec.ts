/** Attacks by programs that cannot be run: each is a failed launch with its reason, and no agent's exit. */
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import type { TestDaemon } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

const within = async (use: (folder: string) => Promise<string>): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-exec-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const program = (folder: string, content: string | Buffer) => {
  const path = join(folder, "agent")
  writeFileSync(path, content)
  chmodSync(path, 0o755)
  return path
}

/** What became of a launch: the create may be refused already. */
const launched = async (daemon: TestDaemon, command: ReadonlyArray<string>, more: Readonly<Record<string, unknown>> = {}) => {
  const { body, status } = await daemon.ask("POST", "/v1/sessions", { command, cwd: "/tmp", keepalive: { mode: "never" }, ...more })
  if (status !== 201) return { status, code: (body as { readonly errors?: ReadonlyArray<{ readonly code?: string }> }).errors?.[0]?.code }
  const { id } = body as SessionView
  const { exit } = await daemon.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
  return { status, cause: exit?.cause, detail: exit?.detail ?? "", code: /^(\w+):/.exec(exit?.detail ?? "")?.[1], id }
}

/** Refused at once, or recorded as a failed launch: with this code in both cases. */
const fails = (
  id: string,
  does: string,
  code: string,
  run: (folder: string, daemon: TestDaemon) => Promise<Awaited<ReturnType<typeof launched>>>
): Attack => ({
  id,
  attacker: "machine",
  does,
  promise: `says ${code}, and records no exit of an agent`,
  run: ({ daemon }) =>
    within(async (folder) => {
      const outcome = await run(folder, daemon)
      refuse(outcome.code === code, JSON.stringify(outcome))
      refuse(outcome.status === 422 || outcome.cause === "launch_failed", JSON.stringify(outcome))
      if ("id" in outcome) refuse(!(await daemon.types(outcome.id!)).includes("ProcessExited"), "an exit is recorded")
      return outcome.status === 422 ? `422 ${code}` : (outcome.detail ?? "")
    })
})

const ownProgram = () => readFileSync("/bin/true")

export const exec: ReadonlyArray<Attack> = [
  fails("exec-01", "gives one variable of 200 kB", "E2BIG", (_, daemon) =>
    launched(daemon, ["/bin/echo", "hello"], { env: { LARGE: "x".repeat(200_000) } })
  ),
  fails("exec-03", "launches a program that another process writes to", "ETXTBSY", async (folder, daemon) => {
    const path = program(folder, ownProgram())
    const writer = openSync(path, "r+")
    try {
      return await launched(daemon, [path])
    } finally {
      closeSync(writer)
    }
  }),
  fails("exec-04", "launches a program for another machine", "ENOEXEC", (folder, daemon) => {
    const foreign = ownProgram()
    foreign.writeUInt16LE(8, 18)
    return launched(daemon, [program(folder, foreign)])
  }),
  fails("exec-05", "launches noise", "ENOEXEC", (folder, daemon) =>
    launched(daemon, [program(folder, Buffer.from([1, 0, 2, 0, 255, 0, 7]))])
  ),
  fails("exec-06", "launches an empty file", "executable_incomplete", (folder, daemon) => launched(daemon, [program(folder, "")])),
  fails("exec-07", "launches the first 16 bytes of a program", "executable_incomplete", (folder, daemon) =>
    launched(daemon, [program(folder, ownProgram().subarray(0, 16))])
  ),
  fails("exec-08", "launches a script whose interpreter is missing", "executable_not_executable", (folder, daemon) =>
    launched(daemon, [program(folder, "#!/nowhere/python\n")])
  ),
  {
    id: "exec-09",
    attacker: "machine",
    does: "stops writing to a program a second after its launch",
    promise: "tries again, and the agent comes up",
    run: ({ daemon }) =>
      within(async (folder) => {
        const path = program(folder, readFileSync("/bin/cat"))
        const writer = openSync(path, "r+")
        const asked = daemon.create([path], { keepalive: { mode: "never" } })
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        closeSync(writer)
        const { id } = await asked
        const { generation } = await daemon.reaches(id, "is up", ({ process, state }) => process !== null && state === "streaming", 20_000)
        await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
        await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        return `up, in launch ${generation}`
      })
  },
  {
    id: "exec-10",
    attacker: "machine",
    does: "replaces a program while its session is resumed",
    promise: "waits until the program is there again",
    run: ({ daemon }) =>
      within(async (folder) => {
        const path = program(folder, readFileSync("/bin/cat"))
        const { id } = await daemon.create([path], { keepalive: { mode: "never" } })
        await daemon.reaches(id, "is up", ({ state }) => state === "streaming")
        await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
        await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        renameSync(path, `${path}-away`)
        await daemon.done("POST", `/v1/sessions/${id}/resume`, {})
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        renameSync(`${path}-away`, path)
        await daemon.reaches(id, "is up again", ({ generation, state }) => generation === 2 && state === "streaming", 20_000)
        await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
        await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        return "up, in launch 2"
      })
  },
  {
    id: "exec-11",
    attacker: "agent",
    does: "exits with 1 at once, and says words of its own",
    promise: "records an exit, and no failed launch",
    run: async ({ daemon }) => {
      const outcome = await launched(daemon, ["/bin/sh", "-c", "echo 'execvp(3) failed.: Text file busy' again; exit 1"])
      refuse(outcome.cause === "crashed", JSON.stringify(outcome))
      return `crashed, ${outcome.detail}`
    }
  },
  {
    id: "exec-02",
    attacker: "agent",
    does: "is a script without an interpreter's name",
    promise: "runs it as a shell does",
    run: ({ daemon }) =>
      within(async (folder) => {
        const { id } = await daemon.create([program(folder, "echo as a shell does\n")], { keepalive: { mode: "never" } })
        await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        const output = await daemon.output(id)
        refuse(output.includes("as a shell does"), output)
        return "it ran"
      })
  }
]
