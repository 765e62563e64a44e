/** The part of an in-process extension that calls our program: one call at a time, in order, never in the agent's way, never its failure. */

/**
 * The head of a module, in JavaScript and TypeScript alike: `tell(event, payload)`. A call is a process of its own, which outlives
 * the agent; one that does not end is ended, so that the next can be made.
 */
export const telling = (hook: ReadonlyArray<string>): string =>
  [
    'import { spawn } from "node:child_process"',
    `const words = ${JSON.stringify(hook)}`,
    "let last = Promise.resolve()",
    "const tell = (event, payload) => {",
    "  const line = JSON.stringify(payload)",
    "  last = last.then(() => new Promise((resolve) => {",
    "    try {",
    `      const options = { stdio: ["pipe", "ignore", "ignore"], detached: true, timeout: ${callMs} }`,
    "      const child = spawn(words[0], [...words.slice(1), event], options)",
    '      child.on("error", resolve)',
    '      child.on("exit", resolve)',
    '      child.stdin.on("error", () => {})',
    "      child.stdin.end(line)",
    "      child.unref()",
    "    } catch {",
    "      resolve()",
    "    }",
    "  }))",
    "}",
    ""
  ].join("\n")

const callMs = 5_000
