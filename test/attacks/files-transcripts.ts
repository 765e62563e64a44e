/** Attacks of agents by the files of their conversations and by their status files. */
import { spawn } from "node:child_process"
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import type { Attack } from "./attack.ts"
import { HostileAgent, lives, longestAnswerMs, mustNotTell, pipeAt, readsTranscript, sparseAt } from "./hostile-agent.ts"

/** One that puts something at the place of its transcript, says so, and must not hold anything up. */
const transcript = (
  id: string,
  does: string,
  promise: string,
  prepare: (agent: HostileAgent) => string | undefined,
  check: (agent: HostileAgent) => Promise<string> = async ({ daemon }) => lives(daemon)
): Attack => ({
  id,
  attacker: "agent",
  does,
  promise,
  run: async ({ daemon }) => {
    await using agent = await HostileAgent.of(daemon)
    await agent.claims(prepare(agent) ?? agent.transcript)
    return await check(agent)
  }
})

/** The daemon has had time to read it, and nothing of it stands anywhere. */
const tellsNothingOf = (secret: (agent: HostileAgent) => string, what: string) => async (agent: HostileAgent) => {
  const outcome = await lives(agent.daemon, 1_500)
  mustNotTell(await agent.told(), secret(agent), what)
  return `${outcome}; no event mentions it`
}
const token = ({ daemon }: HostileAgent) => readFileSync(join(daemon.home, "token"), "utf8").trim()

const line = (index: number) =>
  `${JSON.stringify({
    type: "assistant",
    timestamp: new Date().toISOString(),
    message: { id: `m${index}`, model: "m", usage: { input_tokens: 1, output_tokens: 1 } }
  })}\n`

export const transcripts: ReadonlyArray<Attack> = [
  transcript(
    "files-01",
    "names /proc/self/environ as its transcript",
    "does not read it",
    () => "/proc/self/environ",
    tellsNothingOf(() => "PATH=/", "the daemon's environment")
  ),
  transcript(
    "files-02",
    "names the daemon's token as its transcript",
    "does not read it",
    ({ daemon }) => join(daemon.home, "token"),
    tellsNothingOf(token, "the token")
  ),
  transcript(
    "files-03",
    "puts a link to the token where its transcript is",
    "does not follow it",
    (agent) => void symlinkSync(join(agent.daemon.home, "token"), agent.transcript),
    tellsNothingOf(token, "the token")
  ),
  transcript(
    "files-04",
    "gives the token a second name where its transcript is",
    "knows its own files by any name",
    (agent) => void linkSync(join(agent.daemon.home, "token"), agent.transcript),
    tellsNothingOf(token, "the token")
  ),
  transcript(
    "files-05",
    "makes the folder of its conversations a link to the daemon's home, after its file was taken",
    "refuses a path that has become another",
    (agent) => void writeFileSync(agent.transcript, line(1)),
    async (agent) => {
      await readsTranscript(agent)
      renameSync(agent.projects, `${agent.projects}-before`)
      writeFileSync(join(agent.daemon.home, "decoy"), "")
      symlinkSync(agent.daemon.home, agent.projects)
      return await tellsNothingOf(token, "the token")(agent)
    }
  ),
  transcript("files-06", "makes its transcript a pipe", "opens nothing that waits", (agent) => void pipeAt(agent.transcript)),
  transcript(
    "files-07",
    "makes its transcript a link to /dev/zero",
    "reads no device",
    (agent) => void symlinkSync("/dev/zero", agent.transcript)
  ),
  transcript(
    "files-08",
    "makes its transcript one line of 40 GB, sparse",
    "reads no file that large",
    (agent) => void sparseAt(agent.transcript, 40 * 2 ** 30)
  ),
  transcript(
    "files-09",
    "makes its transcript one line of 900 MB, sparse",
    "reads it slice by slice, in its share of the time",
    (agent) => void sparseAt(agent.transcript, 900 * 2 ** 20),
    async ({ daemon }) => lives(daemon, 4_000)
  ),
  transcript(
    "files-10",
    "empties and rewrites its transcript without end",
    "begins again a few times a second at most",
    (agent) => void writeFileSync(agent.transcript, line(0)),
    async (agent) => {
      let round = 0
      const longest = await longestAnswerMs(agent.daemon, 3_000, () => {
        truncateSync(agent.transcript, 0)
        appendFileSync(agent.transcript, line(round++))
      })
      const facts = (await agent.daemon.types(agent.id)).filter((type) => type === "TranscriptRead").length
      if (facts > 60) throw new Error(`${facts} facts within three seconds`)
      return `it answers within ${longest} ms; ${facts} facts`
    }
  ),
  transcript(
    "files-11",
    "writes a line that nests four million arrays",
    "passes over it",
    (agent) => void writeFileSync(agent.transcript, `${"[".repeat(4_000_000)}\n${line(1)}`),
    async (agent) => {
      await readsTranscript(agent)
      return await lives(agent.daemon)
    }
  ),
  transcript(
    "files-12",
    "writes to its transcript without end while it is read",
    "gives it a share of a core",
    (agent) => void writeFileSync(agent.transcript, line(0)),
    async (agent) => {
      const writer = spawn("sh", ["-c", `while :; do head -c 1000000 /dev/zero | tr '\\0' 'x'; echo; done >> "$1"`, "-", agent.transcript])
      try {
        return await lives(agent.daemon, 3_000)
      } finally {
        writer.kill("SIGKILL")
      }
    }
  ),
  transcript("files-13", "makes its transcript a directory", "reads none", (agent) => void mkdirSync(agent.transcript)),
  transcript(
    "files-14",
    "dates its transcript to the year 2500",
    "reads it by its content",
    (agent) => {
      writeFileSync(agent.transcript, line(1))
      utimesSync(agent.transcript, 16_725_225_600, 16_725_225_600)
    },
    async (agent) => {
      await readsTranscript(agent)
      return await lives(agent.daemon)
    }
  ),
  transcript(
    "files-15",
    "names a transcript with a NUL, with 4,000 directories, and with `..`",
    "takes none of them for a place of its provider",
    ({ daemon, projects }) => `${projects}/../../../..${daemon.home}/token`,
    async (agent) => {
      await agent.claims(`${agent.projects}/a\0b`)
      await agent.claims(`${agent.projects}${"/d".repeat(4_000)}`)
      return await tellsNothingOf(token, "the token")(agent)
    }
  ),
  {
    id: "files-16",
    attacker: "agent",
    does: "fills the folder of status files with 20,000 names",
    promise: "looks through a bounded number, and rests between two looks",
    run: async ({ daemon }) => {
      await using agent = await HostileAgent.of(daemon)
      const folder = join(agent.folder, ".claude", "sessions")
      mkdirSync(folder)
      for (let pid = 1; pid <= 20_000; pid++) writeFileSync(join(folder, `${pid}.json`), "{}")
      return await lives(daemon, 2_000)
    }
  },
  {
    id: "files-17",
    attacker: "agent",
    does: "makes its status file a pipe, a link to /dev/zero and 40 GB",
    promise: "reads none of them",
    run: async ({ daemon }) => {
      await using agent = await HostileAgent.of(daemon)
      const { process } = await daemon.session(agent.id)
      const folder = join(agent.folder, ".claude", "sessions")
      const path = join(folder, `${process?.pid}.json`)
      mkdirSync(folder)
      pipeAt(path)
      const outcomes = [await lives(daemon)]
      rmSync(path)
      symlinkSync("/dev/zero", path)
      outcomes.push(await lives(daemon))
      sparseAt(path, 40 * 2 ** 30)
      outcomes.push(await lives(daemon))
      return outcomes.at(-1)!
    }
  },
  {
    id: "files-18",
    attacker: "agent",
    does: "asks for the messages of a conversation of 900 MB",
    promise: "holds no such file in memory",
    run: async ({ daemon }) => {
      await using agent = await HostileAgent.of(daemon)
      writeFileSync(agent.transcript, line(1))
      await agent.claims(agent.transcript)
      await readsTranscript(agent)
      sparseAt(agent.transcript, 900 * 2 ** 20, line(1))
      const { status } = await daemon.ask("GET", `/v1/sessions/${agent.id}/messages`)
      if (status < 400) throw new Error(`answered ${status}`)
      return `${status}; ${await lives(daemon)}`
    }
  }
]
