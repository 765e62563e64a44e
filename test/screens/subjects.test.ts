/** What a recorded dialog is about: what it would do belongs to its question, and what blinks beside it does not. */
import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { providers } from "../../src/domain/providers/index.ts"
import { readScreen } from "../../src/domain/providers/screen.ts"
import { subjectOf } from "../../src/domain/providers/subject.ts"
import type { ScreenRows } from "../../src/domain/screen-rows.ts"
import { type AgentName, agentNames } from "../agents/installed.ts"
import { fileOf, keptScreen } from "./reading.ts"

const asked = agentNames.flatMap((agent) =>
  readdirSync(new URL(`recorded/${agent}`, import.meta.url)).flatMap((version) =>
    ["permission", "permission-to-write"].flatMap((name) =>
      readdirSync(new URL(`recorded/${agent}/${version}`, import.meta.url)).includes(`${name}.json`) ? [{ agent, version, name }] : []
    )
  )
)

const subjectIn = (agent: AgentName, screen: ScreenRows) => {
  const seen = readScreen(providers.get(agent)!.evidence.screen, screen)
  return seen?.type === "Activity" && seen.question !== null ? subjectOf(screen.lines, seen.question.choices) : ""
}

describe("the subject of a recorded permission", () => {
  for (const { agent, name, version } of asked)
    it(`of ${agent} ${version} (${name}) is the file that it names, whatever blinks`, () => {
      const { highlights, lines } = keptScreen(fileOf(agent, version, name))
      const subject = subjectIn(agent, { lines, highlights })
      assert.include(subject, "kept.txt")
      const other = lines.map((line) => line.replaceAll("kept.txt", "lost.txt"))
      assert.notStrictEqual(subjectIn(agent, { lines: other, highlights }), subject)
      const blinked = lines.map((line) => line.replaceAll(/[●•⏺✻]/g, " "))
      assert.strictEqual(subjectIn(agent, { lines: blinked, highlights }), subject)
    })
})
