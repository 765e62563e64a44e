import { expect, it } from "vitest"
import { hookFiles } from "../../../src/domain/providers/hook-files/index.ts"
import { readHook } from "../../../src/domain/providers/hooks/index.ts"
import { runExtension, runTelling } from "../../support/telling-script.ts"

it("the sender makes its next call when a hook program ignores SIGTERM", { timeout: 60_000 }, async () => {
  // The program ends by itself after a minute, should the sender fail to end it.
  const stubborn = [process.execPath, "-e", 'process.on("SIGTERM", () => {}); setTimeout(() => {}, 60_000)']
  expect(await runTelling(process.execPath, stubborn)).toBe("first\nsecond\n")
})

/** The module of each extension, and an event that lacks what the extension reads. */
const faults = [
  {
    kind: "opencode",
    event: "message.updated",
    module: (text: string) => `${text};(await Reprise()).event({ event: { type: "message.updated", properties: {} } })`
  },
  {
    kind: "pi",
    event: "input",
    module: (text: string) => `${text.replace("export default", "const extend =")}
extend({ on: (name, report) => name === "input" && report({ source: "user", text: "x" }, {}) })`
  }
] as const

for (const { event, kind, module } of faults)
  it(`the extension of ${kind} reports its own exception as a message that the daemon does not know`, async () => {
    const text = hookFiles(kind, { directory: "/none", hook: ["/bin/true"] }).at(-1)!.text
    const { calls } = await runExtension(process.execPath, module(text), (response) => response.writeHead(204).end())
    expect(calls.map((call) => call.event)).toEqual([`fault in ${event}`])
    expect(readHook(kind, calls[0]!.event, calls[0]!.payload)).toEqual([
      { type: "Unknown", kind: `fault in ${event}`, raw: expect.stringContaining("TypeError: Cannot read properties of undefined") }
    ])
  })
