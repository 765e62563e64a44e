/** Attacks by status marks: what a file shows, what a program says that is gone, and what is said faster than it is read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

/** An interactive shell, which gives each program that it runs a process group of its own. */
const shell = async (daemon: TestDaemon) => {
  const { id } = await daemon.create(["bash", "--norc"], { keepalive: { mode: "never" }, env: { PS1: "ready> " } })
  await daemon.reaches(id, "the agent is up", ({ state }) => state === "streaming")
  await until("the shell prompts", async () => (await daemon.output(id)).includes("ready> "))
  return id
}

const types = (daemon: TestDaemon, id: string, line: string) => daemon.done("POST", `/v1/sessions/${id}/input`, { text: `${line}\r` })

const shows = (daemon: TestDaemon, id: string, text: string) =>
  until(`the output holds ${text}`, async () => (await daemon.output(id)).includes(text))

const ended = async (daemon: TestDaemon, id: string) => {
  await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  await daemon.reaches(id, "ended", ({ state }) => state === "ended")
}

const said = ({ activity, evidence }: SessionView) => `${activity} by ${evidence?.source ?? "nothing"}`

/** A file with this mark is shown in a shell. `before` makes the mark where it needs something of the ground. */
const shown = (id: string, does: string, mark: (daemon: TestDaemon) => Promise<string> | string): Attack => ({
  id,
  attacker: "agent",
  does: `shows a file that holds ${does}`,
  promise: "believes nothing of it, and types no prompt for it",
  run: async ({ daemon }) => {
    const directory = mkdtempSync(join(tmpdir(), "reprise-marks-"))
    try {
      const file = join(directory, "README.md")
      writeFileSync(file, `# Harmless\n\x1b]7501;${await mark(daemon)}\x1b\\\n`)
      const session = await shell(daemon)
      const prompt = { id: `${id}-prompt`, text: "rm -rf build", deliver: "idle" }
      await daemon.done("POST", `/v1/sessions/${session}/prompts`, prompt)
      await types(daemon, session, `cat ${file}; read -t 2 -s -p 'Password: ' x; echo "got <$x>" end`)
      await shows(daemon, session, "> end")
      const view = await daemon.session(session)
      refuse(view.activity === "unknown" && view.question === null, said(view))
      refuse(!(await daemon.output(session)).includes("<rm -rf"), "the prompt was typed into the password question")
      const queued = view.prompts.queued
      refuse(queued === 1, `${queued} prompts are queued`)
      await ended(daemon, session)
      return `${said(view)}; the prompt waits`
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
})

const nonceOf = async (daemon: TestDaemon, id: string) => {
  await types(daemon, id, 'echo "secret=$REPRISE_NONCE."')
  return until("the shell tells its secret", async () => /secret=([^.$]+)\./.exec(await daemon.output(id))?.[1])
}

const speaks = (state: string, then: string) =>
  `bash --norc -c 'printf "\\033]7501;state=${state}:app=x:nonce=%s\\033\\\\" "$REPRISE_NONCE"; ${then}'`

/** A program of the shell says what it does, and is gone before it says anything else. */
const orphaned = (id: string, does: string, then: string, ends: (daemon: TestDaemon, session: string) => Promise<unknown>): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: "takes the word back: the activity is unknown",
  run: async ({ daemon }) => {
    const session = await shell(daemon)
    await types(daemon, session, speaks("working", then))
    await daemon.reaches(session, "working", ({ activity }) => activity === "working")
    await ends(daemon, session)
    const view = await daemon.reaches(session, "unknown", ({ activity }) => activity === "unknown", 15_000)
    await ended(daemon, session)
    return said(view)
  }
})

export const marks: ReadonlyArray<Attack> = [
  shown("marks-01", "a status mark of an idle agent", () => "state=idle:app=claude"),
  shown("marks-02", "a status mark with a wrong secret", () => `state=idle:app=x:nonce=${"0".repeat(32)}`),
  shown("marks-03", "a status mark with an empty secret", () => "state=idle:app=x:nonce="),
  shown("marks-04", "a question with a message", () => "state=blocked:app=x:kind=permission:msg=TWF5IEk/"),
  shown("marks-05", "a mark of a turn that failed for a login", () => "state=blocked:app=x:kind=auth"),
  shown("marks-06", "a status mark with the secret of another session's launch", async (daemon) => {
    const other = await shell(daemon)
    const nonce = await nonceOf(daemon, other)
    await ended(daemon, other)
    return `state=idle:app=x:nonce=${nonce}`
  }),
  shown("marks-07", "a status mark with the secret of the launch in another place", () => "state=idle:app=nonce=x:msg=nonce"),
  orphaned("marks-08", "says that it works, and exits", "read line", (daemon, session) => types(daemon, session, "")),
  orphaned("marks-09", "says that it works, and is killed", "echo pid=$BASHPID.; exec sleep 1000", async (daemon, session) => {
    const pid = await until("it tells its pid", async () => /pid=(\d+)\./.exec(await daemon.output(session))?.[1])
    process.kill(Number(pid), "SIGKILL")
  }),
  orphaned("marks-10", "says that it works, and is interrupted", "exec sleep 1000", (daemon, session) =>
    daemon.done("POST", `/v1/sessions/${session}/input`, { keys: ["ctrl-c"] })
  ),
  {
    id: "marks-11",
    attacker: "machine",
    does: "kills the daemon, and then the program that said that it works",
    promise: "takes the word back after its restart",
    isAlone: true,
    run: async () => {
      await using daemon = await TestDaemon.started()
      const session = await shell(daemon)
      await types(daemon, session, speaks("working", "echo pid=$BASHPID.; exec sleep 1000"))
      await daemon.reaches(session, "working", ({ activity }) => activity === "working")
      const pid = await until("it tells its pid", async () => /pid=(\d+)\./.exec(await daemon.output(session))?.[1])
      await daemon.kill()
      process.kill(Number(pid), "SIGKILL")
      await daemon.start()
      const view = await daemon.reaches(session, "unknown", ({ activity }) => activity === "unknown", 15_000)
      await ended(daemon, session)
      return said(view)
    }
  },
  {
    id: "marks-12",
    attacker: "agent",
    does: "says 300,000 times with its secret that it works or rests, and then that it works",
    promise: "joins the flood, and ends at the last word",
    run: async ({ daemon }) => {
      const session = await shell(daemon)
      const flood =
        'M=$(for i in {1..500}; do printf "\\033]7501;state=idle:nonce=$REPRISE_NONCE\\007\\033]7501;state=working:nonce=$REPRISE_NONCE\\007"; done); for i in {1..300}; do printf %s "$M"; done; echo flood" is over"'
      await types(daemon, session, flood)
      await until(
        "the flood is over",
        async () => String((await daemon.ask("GET", `/v1/sessions/${session}/screen?format=text`)).body).includes("flood is over"),
        60_000
      )
      const view = await daemon.reaches(
        session,
        "the last word",
        ({ activity, evidence }) => activity === "working" && evidence?.behindBytes === null,
        60_000
      )
      const facts = (await daemon.events(session)).length
      refuse(facts < 600, `${facts} facts`)
      await ended(daemon, session)
      return `${said(view)}; ${facts} facts`
    }
  }
]
