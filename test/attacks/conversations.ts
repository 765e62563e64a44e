/** Attacks by the file of a conversation: what stands in its place, how large it is, and what becomes of it while it is read. */
import { randomBytes } from "node:crypto"
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import { type TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { lives, longestAnswerMs, pipeAt, sparseAt } from "./hostile-agent.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

interface List {
  readonly data: ReadonlyArray<{ readonly id: string }>
  readonly state: string
  readonly skipped: number
}
interface Refusal {
  readonly code: string
  readonly reason: string
}

/** What an agent's kind is known by here: where its file lies, and how a message of it is written. */
interface Kind {
  readonly provider: string
  readonly pathOf: (home: string, conversation: string) => string
  readonly line: (id: string, parent: string | null, role: string, text: string) => string
}

const claude: Kind = {
  provider: "claude-code",
  pathOf: (home, conversation) => join(home, ".claude/projects/-tmp", `${conversation}.jsonl`),
  line: (uuid, parentUuid, role, content) => `${JSON.stringify({ type: role, uuid, parentUuid, message: { role, content } })}\n`
}
const pi: Kind = {
  provider: "pi",
  pathOf: (home, conversation) => join(home, ".pi/agent/sessions/--tmp--", `2026-01-01T00-00-00-000Z_${conversation}.jsonl`),
  line: (id, parentId, role, content) => `${JSON.stringify({ type: "message", id, parentId, message: { role, content } })}\n`
}

const said = ({ line }: Kind) => line("u1", null, "user", "hello") + line("a1", "u1", "assistant", "hi")

/** An agent of that kind that only waits; its conversation's file is what the attack makes of it. */
const withAgent = async (
  daemon: TestDaemon,
  kind: Pick<Kind, "provider" | "pathOf">,
  use: (agent: { readonly id: string; readonly path: string }) => Promise<string>,
  script = "exec cat"
) => {
  const home = mkdtempSync(join(tmpdir(), "reprise-conversation-"))
  try {
    const program = join(home, "agent")
    writeFileSync(program, `#!/bin/bash\n${script}\n`, { mode: 0o755 })
    const wishes = { provider: kind.provider, env: { HOME: home }, keepalive: { mode: "never" } }
    const { id } = await daemon.create([program], wishes)
    const { conversation } = await daemon.reaches(id, "has a process", ({ process }) => process !== null, 30_000)
    const path = kind.pathOf(home, conversation?.id ?? "none")
    mkdirSync(dirname(path), { recursive: true })
    try {
      return await use({ id, path })
    } finally {
      await daemon.ask("POST", `/v1/sessions/${id}/kill`, {})
      await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      await daemon.ask("POST", `/v1/sessions/${id}/terminate`, {})
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const listOf = (daemon: TestDaemon, id: string) => daemon.ask("GET", `/v1/sessions/${id}/messages`)

/** No list, no branch, a fact and a word in the view; none of them holds the daemon up. */
const unreadable = (id: string, kind: Kind, does: string, reason: string, place: (path: string) => unknown): Attack => ({
  id,
  attacker: "agent",
  does: `${does} where ${kind.provider} keeps its conversation`,
  promise: `says ${reason} in the list, the fork, the view and the log, and where it is mended reads on`,
  run: ({ daemon }) =>
    withAgent(daemon, kind, async ({ id: session, path }) => {
      place(path)
      const list = await listOf(daemon, session)
      refuse(list.status === 409, `the list was answered with ${list.status}`)
      refuse((list.body as Refusal).code === "conversation_unreadable", JSON.stringify(list.body))
      refuse((list.body as Refusal).reason === reason, `the reason is ${(list.body as Refusal).reason}`)
      const fork = await daemon.ask("POST", `/v1/sessions/${session}/fork`, { atMessage: "a1" })
      refuse(fork.status === 409, `the fork was answered with ${fork.status}`)
      const outcome = await lives(daemon)
      if (reason !== "NOT_JSON" && reason !== "LINE_TOO_LONG") {
        const told = ({ conversation }: SessionView) => conversation?.unreadable?.code === reason
        await daemon.ask("PATCH", `/v1/sessions/${session}`, { labels: { news: "1" } })
        await daemon.reaches(session, `the view says ${reason}`, told, 20_000)
        refuse((await daemon.types(session)).includes("TranscriptUnreadable"), "no fact tells of it")
        rmSync(path, { recursive: true, force: true })
        writeFileSync(path, said(kind))
        await daemon.reaches(session, "the view says nothing", ({ conversation }) => conversation?.unreadable === null, 20_000)
      }
      return `${reason}; ${outcome}`
    })
})

/** What is there can be read, as far as it goes. */
const readable = (
  id: string,
  kind: Kind,
  does: string,
  promise: string,
  content: string | Buffer,
  wanted: (list: List) => boolean
): Attack => ({
  id,
  attacker: "agent",
  does: `${does} where ${kind.provider} keeps its conversation`,
  promise,
  run: ({ daemon }) =>
    withAgent(daemon, kind, async ({ id: session, path }) => {
      writeFileSync(path, content)
      const { body, status } = await listOf(daemon, session)
      refuse(status === 200 && wanted(body as List), `${status} ${JSON.stringify(body).slice(0, 300)}`)
      return `${(body as List).state}, ${(body as List).data.length} messages, ${(body as List).skipped} skipped`
    })
})

const filler = `${JSON.stringify({ type: "attachment", blob: "x".repeat(1_000_000) })}\n`
const tooLong = `${JSON.stringify({ type: "attachment", blob: "x".repeat(9_000_000) })}\n`
const binary = Buffer.concat([randomBytes(200_000), Buffer.from("\n"), randomBytes(1_000)])

const large = (id: string, kind: Kind): Attack => ({
  id,
  attacker: "machine",
  does: `has a conversation of ${kind.provider} of 300 MB listed and forked`,
  promise: "reads it beside its event loop",
  run: ({ daemon }) =>
    withAgent(daemon, kind, async ({ id: session, path }) => {
      writeFileSync(path, kind.line("u1", null, "user", "hello"))
      for (let lines = 0; lines < 300; lines++) appendFileSync(path, filler)
      appendFileSync(path, kind.line("a1", "u1", "assistant", "hi"))
      let over = false
      const asked = listOf(daemon, session).finally(() => {
        over = true
      })
      let longest = 0
      while (!over) longest = Math.max(longest, await longestAnswerMs(daemon, 200))
      const { body, status } = await asked
      refuse(
        status === 200 && (body as List).data.map(({ id }) => id).join() === "u1,a1",
        `${status} ${JSON.stringify(body).slice(0, 200)}`
      )
      const fork = (await daemon.done("POST", `/v1/sessions/${session}/fork`, { atMessage: "u1" })) as SessionView
      await daemon.reaches(fork.id, "has a process", ({ process }) => process !== null, 30_000)
      const copied = await listOf(daemon, fork.id)
      refuse((copied.body as List).data.length === 1, JSON.stringify(copied.body).slice(0, 200))
      await daemon.ask("POST", `/v1/sessions/${fork.id}/kill`, {})
      return `${status}, fork 201, /healthz within ${longest} ms meanwhile`
    })
})

const shrinking = (id: string, kind: Kind): Attack => ({
  id,
  attacker: "agent",
  does: `cuts the conversation of ${kind.provider} off and writes it again while it is listed`,
  promise: "answers each time with what was there, or says that it changed",
  run: ({ daemon }) =>
    withAgent(daemon, kind, async ({ id: session, path }) => {
      const whole = said(kind) + filler.repeat(20)
      writeFileSync(path, whole)
      const seen: Record<string, number> = {}
      for (let round = 0; round < 12; round++) {
        const asked = listOf(daemon, session)
        for (let cut = 0; cut < 5; cut++) {
          truncateSync(path, 100 * cut)
          writeFileSync(path, whole)
          await new Promise((resolve) => setTimeout(resolve, 3))
        }
        const { body, status } = await asked
        const outcome = status === 200 ? (body as List).state : (body as Refusal).reason
        refuse(status === 200 || status === 409, `${status} ${JSON.stringify(body)}`)
        seen[outcome] = (seen[outcome] ?? 0) + 1
      }
      return Object.entries(seen)
        .map(([outcome, times]) => `${times} × ${outcome}`)
        .join(", ")
    })
})

/** Codex holds its file open, and is known by that. */
const codexScript = `mkdir -p ~/.codex/sessions; exec 3>> ~/.codex/sessions/rollout-1-0199a213-81c0-7800-8aa1-bbab2a035a53.jsonl; printf '\\033]7501;state=idle:app=codex\\007'; exec cat`
const codex = {
  provider: "codex",
  pathOf: (home: string) => join(home, ".codex/sessions/rollout-1-0199a213-81c0-7800-8aa1-bbab2a035a53.jsonl")
}

const unlisted = (id: string, provider: string, state: string): Attack => ({
  id,
  attacker: "machine",
  does: `asks for the messages of ${provider}`,
  promise: `says ${state}`,
  run: ({ daemon }) =>
    withAgent(daemon, { provider, pathOf: (home) => join(home, "nothing", "here") }, async ({ id: session }) => {
      const { body, status } = await listOf(daemon, session)
      refuse(status === 200 && (body as List).state === state, `${status} ${JSON.stringify(body)}`)
      return (body as List).state
    })
})

const both = (make: (kind: Kind, name: (n: number) => string) => ReadonlyArray<Attack>): ReadonlyArray<Attack> => [
  ...make(claude, (n) => `conversation-${String(n).padStart(2, "0")}`),
  ...make(pi, (n) => `conversation-${n + 20}`)
]

export const conversations: ReadonlyArray<Attack> = [
  ...both((kind, name) => [
    unreadable(name(1), kind, "makes a pipe", "NOT_REGULAR", pipeAt),
    unreadable(name(2), kind, "makes a directory", "NOT_REGULAR", (path) => mkdirSync(path)),
    unreadable(name(3), kind, "makes one line of 10 GB, sparse,", "TOO_LARGE", (path) => sparseAt(path, 10 * 2 ** 30)),
    unreadable(name(4), kind, "makes a link to /dev/zero", "NOT_OURS", (path) => symlinkSync("/dev/zero", path)),
    unreadable(name(5), kind, "writes 200 kB of noise", "NOT_JSON", (path) => writeFileSync(path, binary)),
    unreadable(name(6), kind, "makes one line of 300 MB, sparse,", "LINE_TOO_LONG", (path) => sparseAt(path, 300 * 2 ** 20)),
    readable(name(7), kind, "writes nothing", "says that nothing was said", "", ({ state }) => state === "none"),
    readable(name(8), kind, "begins a first line", "says that nothing was said", '{"type":"us', ({ state }) => state === "none"),
    readable(
      name(9),
      kind,
      "writes a line of 9 MB between two messages",
      "lists both messages, and counts the line",
      kind.line("u1", null, "user", "hello") + tooLong + kind.line("a1", "u1", "assistant", "hi"),
      ({ data, skipped, state }) => state === "listed" && data.length === 2 && skipped === 1
    ),
    readable(
      name(10),
      kind,
      "writes U+2028, NUL and noise among its messages",
      "lists the messages",
      Buffer.concat([
        Buffer.from(`${kind.line("u1", null, "user", "a\u2028b")}\0\0\n`),
        binary,
        Buffer.from(`\n${kind.line("a1", "u1", "assistant", "hi")}`)
      ]),
      ({ data }) => data.length === 2
    ),
    large(name(11), kind),
    shrinking(name(12), kind)
  ]),
  {
    id: "conversation-40",
    attacker: "agent",
    does: "puts a pipe where Codex keeps its conversation",
    promise: "says NOT_REGULAR, and not that nothing was said",
    run: ({ daemon }) =>
      withAgent(
        daemon,
        codex,
        async ({ id, path }) => {
          await daemon.reaches(id, "the file is known", ({ conversation }) => (conversation?.transcript ?? null) !== null, 20_000)
          const before = (await listOf(daemon, id)).body as List
          refuse(before.state === "not_listed", JSON.stringify(before))
          pipeAt(path)
          const { body, status } = await listOf(daemon, id)
          refuse(status === 409 && (body as Refusal).reason === "NOT_REGULAR", `${status} ${JSON.stringify(body)}`)
          return "409 NOT_REGULAR"
        },
        codexScript
      )
  },
  unlisted("conversation-41", "opencode", "not_kept"),
  unlisted("conversation-42", "gemini", "none"),
  {
    id: "conversation-43",
    attacker: "agent",
    does: "replaces its file by a pipe once it is read",
    promise: "records it once, and answers",
    run: ({ daemon }) =>
      withAgent(daemon, claude, async ({ id, path }) => {
        writeFileSync(path, said(claude))
        await daemon.ask("PATCH", `/v1/sessions/${id}`, { labels: { news: "1" } })
        await until("it is read", async () => (await daemon.types(id)).includes("TranscriptRead"), 20_000)
        pipeAt(path)
        await daemon.reaches(id, "the view says so", ({ conversation }) => conversation?.unreadable?.code === "NOT_REGULAR", 20_000)
        const outcome = await lives(daemon, 6_000)
        const facts = (await daemon.types(id)).filter((type) => type === "TranscriptUnreadable").length
        refuse(facts === 1, `${facts} facts`)
        return `${facts} fact; ${outcome}`
      })
  }
]
