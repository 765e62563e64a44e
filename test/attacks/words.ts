/** Attacks by what an agent says of itself: floods and forgeries in its output, its hooks and its reports. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { until } from "../support/daemon.ts"
import type { Attack, Ground } from "./attack.ts"
import { measured, rssMb } from "./measure.ts"

/** A shell that runs one script, and then waits. */
const running = async ({ daemon }: Ground, script: string, more: Readonly<Record<string, unknown>> = {}) => {
  const session = await daemon.create(["bash", "--norc", "-c", `${script}\nexec sleep 1000`], { keepalive: { mode: "never" }, ...more })
  await daemon.reaches(session.id, "a process", ({ process }) => process !== null)
  return session.id
}

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

/** What the launch of a session was given to reach its daemon. */
const launchTokens = async ({ daemon }: Ground, id: string) => {
  const pid = (await daemon.session(id)).process?.pid
  const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0")
  const valueOf = (name: string) => environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? ""
  return { token: valueOf("REPRISE_HOOK_TOKEN"), generation: Number(valueOf("REPRISE_GENERATION")) }
}

const flood = (id: string, does: string, sequences: string): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: "records few facts, stops the agent within seconds, and delays no other session",
  run: async (ground) => {
    const { daemon } = ground
    const looper = `for ((n = 0; n < 400; n++)); do printf '${sequences}%.0s' {1..2000}; done; echo FLOODED`
    const attacker = await running(ground, looper)
    const { echo, health } = await measured(ground, 2_000)
    const asked = performance.now()
    await daemon.done("POST", `/v1/sessions/${attacker}/kill`, {})
    const answeredMs = performance.now() - asked
    await daemon.reaches(attacker, "ended", ({ state }) => state === "ended", 30_000)
    const facts = (await daemon.events(attacker)).length
    refuse(facts < 1_000, `${facts} facts`)
    refuse(answeredMs < 5_000, `kill was answered after ${Math.round(answeredMs)} ms`)
    return `${facts} facts, kill answered in ${Math.round(answeredMs)} ms, echo p99 ${Math.round(echo)} ms, /healthz p99 ${Math.round(health)} ms, daemon ${rssMb(daemon)} MB`
  }
})

/** For a single-quoted word of a shell: marks count with the secret of their launch alone. */
const mark = (state: string) => `\\033]7501;state=${state}:app=x:nonce='"$REPRISE_NONCE"'\\007`

const hook = (ground: Ground, id: string, token: string, body: unknown) =>
  ground.daemon.ask("POST", `/v1/sessions/${id}/hooks`, body, { authorization: `Bearer ${token}` })

/** It takes whatever words a launch adds. */
const agentProgram = (): string => {
  if (program !== null) return program
  const directory = mkdtempSync(join(tmpdir(), "reprise-agent-"))
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
  program = join(directory, "agent")
  writeFileSync(program, "#!/bin/bash\nexec sleep 1000\n", { mode: 0o755 })
  return program
}
let program: string | null = null

/** An agent of Claude Code's kind, whose hooks are believed. */
const hooked = async (ground: Ground) => {
  const id = await running(ground, ":", { provider: "claude-code", command: [agentProgram()] })
  return { id, ...(await launchTokens(ground, id)) }
}

const forged = (id: string, does: string, promise: string, payload: unknown, more: Readonly<Record<string, unknown>> = {}): Attack => ({
  id,
  attacker: "agent",
  does,
  promise,
  run: async (ground) => {
    const launched = await hooked(ground)
    const call = { id: `${Math.random()}`, generation: launched.generation, event: "SessionStart", payload, at: Date.now(), ...more }
    const { status } = await hook(ground, launched.id, launched.token, call)
    refuse(status === 204 || status === 400, `the hook was answered with ${status}`)
    const session = await ground.daemon.session(launched.id)
    refuse(session.conversation?.id !== "--dangerous" && !(session.conversation?.id ?? "").startsWith("-"), "the conversation was believed")
    for (const { data } of await ground.daemon.events(launched.id))
      refuse(Buffer.byteLength(JSON.stringify(data)) <= 65_536, "a fact of more than 64 KiB")
    await ground.daemon.done("POST", `/v1/sessions/${launched.id}/kill`, {})
    return `${status}, ${(await ground.daemon.events(launched.id)).length} facts`
  }
})

export const words: ReadonlyArray<Attack> = [
  flood("words-01", "prints status marks without pause", `${mark("working")}${mark("idle")}`),
  flood("words-02", "prints window titles without pause", "\\033]2;title one\\007\\033]0;title two\\007"),
  flood("words-03", "prints notifications without pause", "\\033]9;look here\\007\\033]777;notify;a;b\\007"),
  flood("words-04", "asks for its cursor and its colours without pause", "\\033[6n\\033[c\\033]11;?\\007\\033]7501;?\\007"),
  flood("words-05", "asks a question and withdraws it without pause", `${mark("blocked:msg=YQ==")}${mark("working")}`),
  forged("words-06", "names its conversation --dangerous", "takes no option for a conversation", { session_id: "--dangerous" }),
  forged("words-07", "names its conversation with a path", "takes no path for a conversation", { session_id: "../../../etc/passwd" }),
  forged("words-08", "names a conversation of 100,000 letters", "takes none beyond 128 letters", { session_id: "x".repeat(100_000) }),
  forged("words-09", "names a transcript with a NUL", "takes no such path", { session_id: "a", transcript_path: "/tmp/a\0b" }),
  forged("words-10", "says that it happened in the year 275,761", "takes the present for it", { session_id: "a" }, { at: 8.65e15 }),
  forged("words-11", "says that it happened before the epoch", "takes the epoch for it", { session_id: "a" }, { at: -9e15 }),
  forged(
    "words-12",
    "asks a question of half a megabyte",
    "shows its beginning",
    { session_id: "a", tool_name: "Bash", tool_input: { command: "x".repeat(500_000) } },
    { event: "PermissionRequest" }
  ),
  forged(
    "words-13",
    "offers 5,000 choices",
    "shows 32 of them",
    {
      session_id: "a",
      tool_name: "AskUserQuestion",
      tool_input: { questions: [{ question: "q", options: Array.from({ length: 5_000 }, (_, n) => ({ label: `${n}`.repeat(40) })) }] }
    },
    { event: "PreToolUse" }
  ),
  forged(
    "words-14",
    "calls a hook of a kind that is not known",
    "keeps a sample of it",
    { session_id: "a", more: "x".repeat(400_000) },
    { event: "Unheard" }
  ),
  {
    id: "words-15",
    attacker: "agent",
    does: "calls 2,000 hooks at once",
    promise: "records few facts and delays no other session",
    run: async (ground) => {
      const launched = await hooked(ground)
      const calls = Array.from({ length: 2_000 }, (_, n) => ({
        ...{ id: `${n}`, generation: launched.generation, payload: { session_id: "a", prompt: "p" }, at: Date.now() },
        event: n % 2 === 0 ? "UserPromptSubmit" : "Stop"
      }))
      const sent = Promise.all(calls.map((call) => hook(ground, launched.id, launched.token, call).catch(() => null)))
      const { echo } = await measured(ground, 4_000)
      await ground.daemon.done("POST", `/v1/sessions/${launched.id}/kill`, {})
      await sent
      const facts = (await ground.daemon.events(launched.id)).length
      refuse(facts < 500, `${facts} facts`)
      return `${facts} facts, echo p99 ${Math.round(echo)} ms`
    }
  },
  {
    id: "words-16",
    attacker: "agent",
    does: "reports its state 500 times",
    promise: "takes 60 reports at once and refuses the others by name",
    run: async (ground) => {
      const id = await running(ground, ":")
      const { token } = await launchTokens(ground, id)
      const statuses: Record<number, number> = {}
      for (let seq = 0; seq < 500; seq++) {
        const { status } = await ground.daemon.ask("POST", `/v1/sessions/${id}/reports`, { seq }, { authorization: `Bearer ${token}` })
        statuses[status] = (statuses[status] ?? 0) + 1
      }
      await ground.daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      const facts = (await ground.daemon.events(id)).filter(({ type }) => type === "StateReported").length
      refuse(facts < 200, `${facts} facts`)
      return `${facts} facts; ${Object.entries(statuses)
        .map(([status, count]) => `${count} × ${status}`)
        .join(", ")}`
    }
  },
  {
    id: "words-17",
    attacker: "agent",
    does: "reports with the token of the launch before",
    promise: "refuses the report",
    run: async (ground) => {
      const id = await running(ground, ":")
      const { token } = await launchTokens(ground, id)
      await ground.daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      await ground.daemon.reaches(id, "ended", ({ state }) => state === "ended")
      await ground.daemon.done("POST", `/v1/sessions/${id}/resume`, {})
      await ground.daemon.reaches(id, "streaming again", ({ generation, state }) => generation === 2 && state === "streaming")
      const { body, status } = await ground.daemon.ask(
        "POST",
        `/v1/sessions/${id}/reports`,
        { seq: 1, task: "forged" },
        { authorization: `Bearer ${token}` }
      )
      await ground.daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      refuse(status === 409, `answered ${status}`)
      return `409 ${(body as { readonly code: string }).code}`
    }
  },
  {
    id: "words-18",
    attacker: "agent",
    does: "uses its token for everything that a daemon does",
    promise: "takes it for its own hooks and reports only",
    run: async (ground) => {
      const id = await running(ground, ":")
      const { token } = await launchTokens(ground, id)
      const headers = { authorization: `Bearer ${token}` }
      const routes = [
        ["GET", "/v1/sessions"],
        ["GET", `/v1/sessions/${id}`],
        ["POST", `/v1/sessions/${id}/input`],
        ["POST", `/v1/sessions/${ground.bystander.id}/kill`],
        ["POST", `/v1/sessions/${ground.bystander.id}/reports`],
        ["POST", `/v1/sessions/${ground.bystander.id}/hooks`],
        ["POST", "/v1/sessions"],
        ["GET", "/v1/events"],
        ["POST", `/v1/sessions/${id}/attach-tickets`],
        ["GET", "/metrics"],
        ["GET", "/readyz"]
      ] as const
      for (const [method, path] of routes) {
        const { status } = await ground.daemon.ask(method, path, method === "POST" ? {} : undefined, headers)
        refuse(status === 401, `${method} ${path.replace(/s-\w+/, "ID")} was answered with ${status}`)
      }
      await ground.daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      return `401 on ${routes.length} routes`
    }
  },
  {
    id: "words-19",
    attacker: "agent",
    does: "claims 10³⁰⁸ and half tokens in its transcript",
    promise: "records whole numbers",
    run: async (ground) => {
      const { daemon } = ground
      const home = mkdtempSync(join(tmpdir(), "reprise-attack-"))
      try {
        const place = join(home, ".claude/projects/-tmp")
        mkdirSync(place, { recursive: true })
        const path = join(place, "0199a213-81c0-7800-8aa1-bbab2a035a53.jsonl")
        const line = (id: string, tokens: string) =>
          `{"type":"assistant","message":{"id":"${id}","model":"m","stop_reason":"end_turn","usage":{"input_tokens":${tokens},"output_tokens":9007199254740991}}}\n`
        writeFileSync(
          path,
          ["1e308", "1.5", "-7", "9007199254740991", "9007199254740991"].map((tokens, n) => line(`m${n}`, tokens)).join("")
        )
        const wishes = { provider: "claude-code", command: [agentProgram()], env: { HOME: home } }
        const id = await running(ground, ":", wishes)
        const { generation, token } = await launchTokens(ground, id)
        const payload = { session_id: "0199a213-81c0-7800-8aa1-bbab2a035a53", transcript_path: path }
        await hook(ground, id, token, { id: "1", generation, event: "SessionStart", payload, at: Date.now() })
        const { usage } = await daemon.reaches(id, "the transcript is read", (session) => session.usage !== null)
        refuse(
          Object.values(usage ?? {}).every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0),
          JSON.stringify(usage)
        )
        await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
        return `${usage?.inputTokens} in, ${usage?.outputTokens} out`
      } finally {
        rmSync(home, { recursive: true, force: true })
      }
    }
  },
  {
    id: "words-20",
    attacker: "agent",
    does: "writes escapes, C1 controls, U+202E and U+2028 to its spool, on 30,000 lines",
    promise: "logs few lines, and no character in them that a terminal acts on",
    run: async (ground) => {
      const { daemon } = ground
      const before = daemon.log.length
      const { id } = await daemon.create(["bash", "--norc", "-c", 'echo "SPOOL=$REPRISE_HOOK_SPOOL."; exec sleep 1000'], {
        provider: "claude-code",
        keepalive: { mode: "never" }
      })
      const spool = await until("the agent names its spool", async () => /SPOOL=(\S+)\./.exec(await daemon.output(id))?.[1])
      await until("the spool's directory is there", () => existsSync(dirname(spool)))
      appendFileSync(spool, "\x1b]52;c;QUJD\x07\x9d0;title\x9c\u202elevel=ERROR\u2028\r\n".repeat(30_000))
      const { size } = statSync(spool)
      const cursor = join(daemon.home, "sessions", id, "agent", "hooks.cursor")
      await until("the spool is read", () => existsSync(cursor) && Number(readFileSync(cursor, "utf8")) >= size, 60_000)
      const log = await until("the log names the lines", () => /no call/.test(daemon.log.slice(before)) && daemon.log.slice(before))
      const raw = /(?!\n)[\p{Cc}\u2028-\u202e]/u.exec(log)
      const lines = log.split("\n").length - 1
      refuse(raw === null, `the log holds U+${raw?.[0].codePointAt(0)?.toString(16)}`)
      refuse(lines < 300, `${lines} lines`)
      await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      return `${lines} lines for ${Math.round(size / 1e5) / 10} MB`
    }
  }
]
