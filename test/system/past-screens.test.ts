/** The screen of a fact that lies at the byte where the next launch begins. */
import { describe, expect, it } from "vitest"
import { TestDaemon } from "../support/daemon.ts"

interface Screen {
  readonly exact?: boolean
}

describe("the screen of the past", () => {
  it("of an agent's exit is what it left, though the next launch began at that byte", { timeout: 120_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const command = ["bash", "-c", "echo working; sleep 1; echo oh no; exit 7"]
    const { id } = await daemon.create(command, { keepalive: { mode: "on_crash" } })
    await daemon.reaches(id, "launched again", ({ generation, process }) => generation === 2 && process !== null, 60_000)
    const events = await daemon.events(id)
    const exit = events.find(({ type }) => type === "ProcessExited")!
    const at = async (place: string | number) =>
      (await daemon.done("GET", `/v1/sessions/${id}/screen?at=${encodeURIComponent(place)}`)) as Screen
    for (const place of [exit.seq, exit.at]) {
      const screen = await at(place)
      expect(JSON.stringify(screen), String(place)).toContain("oh no")
      expect(screen.exact).not.toBe(false)
    }
  })
})
