/** Attacks of the machine by a mount that does not answer, as a dead sshfs or NFS is: paths there are named by requests. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Problem } from "../../src/http/problems.ts"
import { type Reply, TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const program = join(import.meta.dirname, "../support/silent-mount.ts")

interface Scene {
  readonly daemon: TestDaemon
  /** Nothing in it answers, nor does it. */
  readonly silent: string
  readonly real: string
  /** From now on every path answers: those of the mount with an error. */
  readonly endMount: () => Promise<void>
}

/** The mount and the daemon have a namespace of their own: no other process sees it. `timeout` ends the mount whatever happens here. */
const inScene = async (run: (scene: Scene) => Promise<string>): Promise<string> => {
  if (!existsSync("/dev/fuse")) return "not run: this machine has no FUSE"
  const folder = mkdtempSync(join(tmpdir(), "reprise-silent-"))
  const [silent, real, said] = [join(folder, "silent"), join(folder, "real"), join(folder, "said")]
  for (const path of [silent, real]) mkdirSync(path)
  const serving = `timeout -s KILL 60 "${process.execPath}" "${program}" "${silent}" >"${said}" 2>&1 & echo $! >"${folder}/pid";`
  const waiting = `for _ in $(seq 500); do grep -q mounted "${said}" && break; sleep 0.02; done;`
  const daemon = new TestDaemon()
  const endMount = async () => {
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"))
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
    for (const each of [...children, pid]) process.kill(each, "SIGKILL")
    await until("the mount is gone", () => !existsSync(`/proc/${children[0]}`) || isZombie(children[0]!))
  }
  try {
    await daemon.start({}, { shell: `exec unshare -m --propagation private sh -c '${serving} ${waiting} exec "$@"' sh "$@";` })
    if (!readFileSync(said, "utf8").includes("mounted")) return `not run: no mount is possible here (${readFileSync(said, "utf8").trim()})`
    return await run({ daemon, silent, real, endMount })
  } finally {
    // The daemon cannot end while a thread of it waits for the mount.
    await endMount().catch(() => {})
    await daemon[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}

const isZombie = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.startsWith("Z") === true
  } catch {
    return true
  }
}

/** While the request waits, the daemon answers, and another session echoes; then the request is refused by its field. */
const refusedMeanwhile = async ({ daemon }: Scene, request: Promise<Reply>, field: string, code: string): Promise<number> => {
  let isAnswered = false
  void request.then(() => {
    isAnswered = true
  })
  let looks = 0
  for (; !isAnswered; looks++) {
    const { status } = await daemon.ask("GET", "/healthz")
    if (status !== 200) throw new Error(`healthz: ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { body, status } = await request
  const { errors } = body as Problem
  if (status !== 422 || errors?.[0]?.field !== field || errors[0].code !== code)
    throw new Error(`${status} instead of ${code} in ${field}: ${JSON.stringify(body)}`)
  return looks
}

const create = ({ daemon }: Scene, wanted: Readonly<Record<string, unknown>>) =>
  daemon.ask("POST", "/v1/sessions", { command: ["cat"], cwd: "/tmp", ...wanted })

const sessionsOf = async (daemon: TestDaemon): Promise<number> =>
  ((await daemon.done("GET", "/v1/sessions?limit=1000")) as { readonly data: ReadonlyArray<unknown> }).data.length

const made: ReadonlyArray<readonly [does: string, field: string, wanted: (silent: string) => Readonly<Record<string, unknown>>]> = [
  ["as the directory of a session", "cwd", (silent) => ({ cwd: silent })],
  ["as the program of a session", "command", (silent) => ({ command: [join(silent, "agent")] })],
  ["in the PATH of a session", "env.PATH", (silent) => ({ env: { PATH: `${join(silent, "bin")}:/bin` } })]
]

const machine = { attacker: "machine", needsRoot: true, isAlone: true } as const

const creates: ReadonlyArray<Attack> = made.map(([does, field, wanted], index) => ({
  ...machine,
  id: `silent-paths-${String(index + 1).padStart(2, "0")}`,
  does: `names a path that does not answer ${does}`,
  promise: `answers others meanwhile, refuses the create by the field ${field}, and makes nothing`,
  run: () =>
    inScene(async (scene) => {
      const looks = await refusedMeanwhile(scene, create(scene, wanted(scene.silent)), field, "path_silent")
      if ((await sessionsOf(scene.daemon)) !== 0) throw new Error("a session was made")
      await scene.daemon.create(["cat"])
      return `${looks} answers meanwhile`
    })
}))

const others: ReadonlyArray<Attack> = [
  {
    ...machine,
    id: "silent-paths-04",
    does: "lets as many paths as are looked at together not answer",
    promise: "refuses further creates at once, serves its sessions, and looks again when the mount is gone",
    run: () =>
      inScene(async (scene) => {
        const { daemon, silent } = scene
        const session = await daemon.create(["cat"])
        const hung = [create(scene, { cwd: silent }), create(scene, { cwd: silent }), create(scene, { cwd: "/tmp" })]
        const codes = (await Promise.all(hung)).map(({ body }) => (body as Problem).errors?.[0]?.code)
        if (codes.some((code) => code !== "path_silent")) throw new Error(`refused as ${codes}`)
        const { body } = await create(scene, {})
        if ((body as Problem).errors?.[0]?.code !== "path_silent") throw new Error(`not refused: ${JSON.stringify(body)}`)
        await daemon.done("POST", `/v1/sessions/${session.id}/input`, { text: "still here\r" })
        await until("the session echoes", async () => (await daemon.output(session.id)).includes("still here"))
        await scene.endMount()
        await until("the daemon creates again", async () => (await create(scene, {})).status === 201)
        return `${codes.length + 1} creates are refused, the next works`
      })
  },
  {
    ...machine,
    id: "silent-paths-05",
    does: "lets the directory of an ended session not answer when a client resumes it",
    promise: "answers others meanwhile, and says why there is no launch",
    run: () =>
      inScene(async (scene) => {
        const { daemon, real, silent } = scene
        const link = join(real, "link")
        symlinkSync(real, link)
        const { id } = await daemon.create(["true"], { cwd: link })
        await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        rmSync(link)
        symlinkSync(silent, link)
        await daemon.done("POST", `/v1/sessions/${id}/resume`, {})
        let looks = 0
        await until(
          "the resume is refused",
          async () => {
            looks++
            return (await daemon.session(id)).exit?.cause === "launch_failed"
          },
          20_000
        )
        const failed = (await daemon.events(id)).find(({ data }) => JSON.stringify(data).includes("path_silent"))
        if (failed === undefined) throw new Error(`no fact says path_silent: ${await daemon.types(id)}`)
        return `${looks} answers meanwhile`
      })
  },
  {
    ...machine,
    id: "silent-paths-06",
    does: "names an attachment that does not answer",
    promise: "answers others meanwhile, refuses the prompt by its field, and queues nothing",
    run: () =>
      inScene(async (scene) => {
        const { daemon, real, silent } = scene
        symlinkSync(join(silent, "a.png"), join(real, "a.png"))
        const { id } = await daemon.create(["cat"], { cwd: real })
        const prompt = daemon.ask("POST", `/v1/sessions/${id}/prompts`, { text: "look", attachments: [{ path: "a.png" }] })
        const looks = await refusedMeanwhile(scene, prompt, "attachments.0", "attachment_silent")
        const types = await daemon.types(id)
        if (types.includes("PromptQueued")) throw new Error("the prompt was queued")
        return `${looks} answers meanwhile`
      })
  },
  {
    ...machine,
    id: "silent-paths-07",
    does: "lets a PATH not answer by which a patch would find the program",
    promise: "answers others meanwhile, refuses the patch by its field, and changes nothing",
    run: () =>
      inScene(async (scene) => {
        const { daemon, silent } = scene
        const { id } = await daemon.create(["true"])
        await daemon.reaches(id, "ended", ({ state }) => state === "ended")
        const { seq } = await daemon.session(id)
        const patch = daemon.ask("PATCH", `/v1/sessions/${id}`, { command: ["no-such-program"], pathIfMissing: join(silent, "bin") })
        const looks = await refusedMeanwhile(scene, patch, "env.PATH", "path_silent")
        if ((await daemon.session(id)).seq !== seq) throw new Error("the session has changed")
        return `${looks} answers meanwhile`
      })
  }
]

export const silentPaths: ReadonlyArray<Attack> = [...creates, ...others]
