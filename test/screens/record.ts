/** Records the screens of `scenarios.ts`: `npm run record:screens` for all agents, or with parts of `agent@version/scenario` for some. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import type { SessionView } from "../../src/domain/view.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { type AgentName, agentNames, recorded } from "../agents/installed.ts"
import { pause, Stage } from "../agents/stage.ts"
import { faultIn, fileOf } from "./reading.ts"
import { type Scenario, type Step, scenarios } from "./scenarios.ts"

const wanted = process.argv.slice(2)
const isWanted = (name: string) => wanted.length === 0 || wanted.some((part) => name.includes(part))

const screenOf = async (stage: Stage, id: string) => {
  const drawing = (await stage.daemon.done("GET", `/v1/sessions/${id}/screen?format=ansi`)) as string
  const emulator = new Emulator({ cols: 120, rows: 40 })
  emulator.write(drawing.replaceAll(/\r?\n/g, "\r\n"))
  const { lines } = emulator.picture()
  const highlights = emulator.highlights()
  emulator.dispose()
  return { lines: lines.map((line) => withoutPlaces(line, stage).trimEnd()), highlights }
}

/** What names this machine becomes another path of the same length: nothing moves. */
const withoutPlaces = (line: string, { scratch }: Stage) =>
  [scratch.cwd, scratch.home, dirname(scratch.cwd), dirname(scratch.cwd).split("/").at(-1)!].reduce(
    (text, place) => text.replaceAll(place, `${place.startsWith("/") ? "/" : ""}${"project-of-ada-".repeat(9)}`.slice(0, place.length)),
    line
  )

const take = async (stage: Stage, id: string, step: Step) => {
  if ("prompt" in step) {
    await stage.idle(id)
    await stage.prompt(id, step.prompt)
  } else if ("text" in step) {
    await stage.idle(id)
    await stage.daemon.done("POST", `/v1/sessions/${id}/input`, { text: step.text })
  } else if ("keys" in step) {
    // Gemini reads Enter as a part of what was typed a moment before.
    await pause(1_000)
    await stage.daemon.done("POST", `/v1/sessions/${id}/input`, { keys: step.keys })
  } else if ("shows" in step) await stage.shows(id, step.shows)
  else {
    const { question } = (await stage.reaches(
      id,
      "a question with choices",
      ({ question }) => (question?.choices.length ?? 0) > 0
    )) as SessionView
    await stage.prompt(id, step.answer, { answers: question!.id })
  }
}

const record = async (agent: AgentName, version: string, scenario: Scenario) => {
  const from = { newcomer: scenario.from === "newcomer", stranger: scenario.from === "stranger" }
  await using stage = await Stage.opened(agent, { version, ...from, ...(scenario.files === undefined ? {} : { files: scenario.files }) })
  const { id } = await stage.launched({ args: [...stage.scratch.args, ...(scenario.args ?? [])] })
  for (const step of scenario.steps) await take(stage, id, step)
  await stage.shows(id, scenario.kept)
  await pause(1_000)
  const screen = await screenOf(stage, id)
  const file = fileOf(agent, version, scenario.name)
  mkdirSync(dirname(fileURLToPath(file)), { recursive: true })
  writeFileSync(file, `${JSON.stringify(screen, null, 1)}\n`)
  return faultIn(agent, screen, scenario.reads) ?? "as it should be read"
}

for (const agent of agentNames) {
  for (const version of recorded[agent]) {
    for (const scenario of scenarios[agent]) {
      const name = `${agent}@${version}/${scenario.name}`
      if (!isWanted(name) || scenario.without?.[version] !== undefined) continue
      console.log(
        `${name}: ${await record(agent, version, scenario).catch((cause) => `not reached: ${String(cause.message).slice(0, 2_000)}`)}`
      )
    }
  }
}
