/** The part of an in-process extension that tells the daemon: one call at a time, in order, never in the agent's way, never its failure. */

/**
 * The head of a module, in JavaScript and TypeScript alike: `tell(event, payload)`. A call goes to the daemon's socket; when nobody
 * takes it there, to the program that keeps it for the next daemon, which is a process of its own, outlives the agent, and is ended if
 * it does not end.
 */
export const telling = (hook: ReadonlyArray<string>): string =>
  [
    'import { spawn } from "node:child_process"',
    'import { randomUUID } from "node:crypto"',
    'import { request } from "node:http"',
    `const words = ${JSON.stringify(hook)}`,
    "const { REPRISE_GENERATION, REPRISE_HOOK_SOCKET, REPRISE_HOOK_TOKEN, REPRISE_SESSION } = process.env",
    "const taken = (call) => new Promise((resolve) => {",
    "  try {",
    "    const body = JSON.stringify(call)",
    "    const sent = request({",
    "      socketPath: REPRISE_HOOK_SOCKET,",
    '      path: "/v1/sessions/" + REPRISE_SESSION + "/hooks",',
    '      method: "POST",',
    "      headers: {",
    '        "authorization": "Bearer " + REPRISE_HOOK_TOKEN,',
    '        "content-type": "application/json",',
    '        "content-length": Buffer.byteLength(body)',
    "      },",
    `      timeout: ${answerMs}`,
    "    }, (answer) => {",
    "      answer.resume()",
    "      resolve(answer.statusCode < 500 && answer.statusCode !== 429)",
    "    })",
    '    sent.on("timeout", () => sent.destroy())',
    '    sent.on("error", () => resolve(false))',
    "    sent.end(body)",
    "  } catch {",
    "    resolve(false)",
    "  }",
    "})",
    "const kept = (call) => new Promise((resolve) => {",
    "  try {",
    "    const options = {",
    '      stdio: ["pipe", "ignore", "ignore"],',
    "      detached: true,",
    `      timeout: ${callMs},`,
    "      env: { ...process.env, REPRISE_HOOK_CALL: call.id, REPRISE_HOOK_AT: String(call.at) }",
    "    }",
    "    const child = spawn(words[0], [...words.slice(1), call.event], options)",
    '    child.on("error", resolve)',
    '    child.on("exit", resolve)',
    '    child.stdin.on("error", () => {})',
    "    child.stdin.end(JSON.stringify(call.payload))",
    "    child.unref()",
    "  } catch {",
    "    resolve()",
    "  }",
    "})",
    "let last = Promise.resolve()",
    "const tell = (event, payload) => {",
    "  const call = { id: randomUUID(), generation: Number(REPRISE_GENERATION), event, payload, at: Date.now() }",
    "  last = last.then(async () => {",
    "    if (!(await taken(call))) await kept(call)",
    "  })",
    "}",
    ""
  ].join("\n")

const answerMs = 1_000
const callMs = 5_000
