/** Fuzzes the route of agents' hooks with the token of a launch: what a hostile agent can send. */
import { createHmac } from "node:crypto"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import { send } from "../support/raw-http.ts"
import { Chance } from "../support/world-chance.ts"
import { corpusOf } from "./corpus.ts"
import { jsonOf, mutated } from "./http-grammar.ts"
import { hasMore, type Outcome, type Target } from "./target.ts"
import { withWatchedDaemon } from "./watched-daemon.ts"

export const hooks: Target = {
  name: "hooks",
  promise: "takes or refuses every hook call of an agent, and lives",
  run: async (seed, budget): Promise<Outcome> => {
    const chance = new Chance(seed)
    const corpus = corpusOf("hooks")
    const known = new Set<string>()
    const folder = fakeAgent()
    let inputs = 0
    try {
      const watched = await withWatchedDaemon(
        budget,
        async ({ daemon, found, look }) => {
          const { id } = (await daemon.done("POST", "/v1/sessions", { provider: "claude-code", cwd: "/tmp" })) as SessionView
          await daemon.reaches(id, "has a process", ({ process }) => process !== null)
          const tokenOf = tokensOf(daemon.home, id)
          while (hasMore(budget, inputs)) {
            const { generation } = await daemon.session(id)
            const bodies = Array.from({ length: callsAtOnce }, () =>
              corpus.length > 0 && chance.happens(0.2) ? mutated(chance, chance.pick(corpus)) : callOf(chance, generation)
            )
            inputs += bodies.length
            const requests = bodies.map((body) => requestOf(id, tokenOf(generation), chance.pick(["hooks", "hooks", "reports"]), body))
            const { replies } = await send({ path: daemon.socket }, Buffer.concat(requests), { replies: bodies.length })
            for (const [index, { body, status }] of replies.entries()) {
              const input = bodies[index]!
              if (status === 500 || status === 0) found(`answered ${status}: ${body}`, input)
              if (body.length > 8_192 && status >= 400) found(`a problem of ${body.length} bytes`, input)
              const kind = `${status} ${body.slice(0, 200).replaceAll(/\d+/g, "#")}`
              if (known.has(kind)) continue
              known.add(kind)
              budget.keep(input)
            }
            if (replies.length === 0) found("no call was answered", bodies[0]!)
            await look(() => Buffer.concat(bodies))
          }
        },
        { PATH: `${folder}:${process.env.PATH}` }
      )
      return { inputs, findings: watched.findings, figures: { ...watched.figures, "kinds of answers": known.size } }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const callsAtOnce = 16

/** An agent that only reads: the target speaks in its place. */
const fakeAgent = () => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-fuzz-agent-"))
  const path = join(folder, "claude")
  writeFileSync(path, '#!/bin/sh\n[ "$1" = --version ] && echo "2.1.0 (Claude Code)" && exit\nexec cat\n')
  chmodSync(path, 0o755)
  return folder
}

/** As the daemon makes them, from the key in its home. */
const tokensOf = (home: string, session: string) => (generation: number) =>
  createHmac("sha256", readFileSync(join(home, "hook.key")))
    .update(`${generation} ${session}`)
    .digest("hex")

const events = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PostToolUse",
  "Stop",
  "StopFailure",
  "Notification",
  "SubagentStop",
  "PreCompact",
  "SessionEnd",
  "PermissionRequest",
  "x",
  "",
  "__proto__"
]
const fields = [
  "session_id",
  "transcript_path",
  "cwd",
  "prompt",
  "tool_name",
  "tool_input",
  "tool_response",
  "message",
  "notification_type",
  "source",
  "model",
  "reason",
  "permission_mode",
  "stop_hook_active",
  "agent_id",
  "title",
  "usage"
]
const texts = [
  "x",
  "",
  "/proc/self/environ",
  "/dev/zero",
  "../../token",
  "-rf",
  "\u202e",
  "\u001b[2J",
  "a".repeat(10_000),
  "00000000-0000-4000-8000-000000000000",
  "clear",
  "resume",
  "permission_prompt",
  "Bash"
]

const valueOf = (chance: Chance): string => (chance.happens(0.6) ? JSON.stringify(chance.pick(texts)) : jsonOf(chance))

const callOf = (chance: Chance, generation: number): Buffer => {
  if (chance.happens(0.05)) return Buffer.from(nested(chance))
  const members = Array.from({ length: chance.between(0, 6) }, () => `${JSON.stringify(chance.pick(fields))}:${valueOf(chance)}`)
  const payload = chance.happens(0.9) ? `{${members.join(",")}}` : jsonOf(chance)
  const call: Record<string, string> = {
    id: JSON.stringify(chance.hex(8)),
    generation: String(generation),
    event: JSON.stringify(chance.pick(events)),
    payload,
    at: String(1_700_000_000_000)
  }
  if (chance.happens(0.1)) call[chance.pick(["id", "generation", "event", "at", "more"])] = jsonOf(chance)
  return Buffer.from(
    `{${Object.entries(call)
      .map(([name, value]) => `"${name}":${value}`)
      .join(",")}}`
  )
}

const nested = (chance: Chance) => {
  const depth = chance.between(100, 50_000)
  return `{"id":"x","generation":1,"event":"Stop","payload":${'{"a":'.repeat(depth)}1${"}".repeat(depth)},"at":1}`
}

const requestOf = (session: string, token: string, route: string, body: Buffer) =>
  Buffer.concat([
    Buffer.from(
      `POST /v1/sessions/${session}/${route} HTTP/1.1\r\nHost: reprise\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    ),
    body
  ])
