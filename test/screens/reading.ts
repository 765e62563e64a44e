/** A kept screen, and how the provider's rules read it. */
import { readFileSync } from "node:fs"
import type { Observation } from "../../src/domain/observations.ts"
import { providers } from "../../src/domain/providers/index.ts"
import { readScreen } from "../../src/domain/providers/screen.ts"
import type { ScreenRows } from "../../src/domain/screen-rows.ts"
import type { AgentName } from "../agents/installed.ts"
import type { Reading } from "./scenarios.ts"

export const fileOf = (agent: AgentName, version: string, name: string): URL =>
  new URL(`recorded/${agent}/${version}/${name}.json`, import.meta.url)

export const keptScreen = (file: URL): ScreenRows => JSON.parse(readFileSync(file, "utf8"))

/** Null where it is read as it should be; else what is wrong. */
export const faultIn = (agent: AgentName, screen: ScreenRows, wanted: Reading): string | null => {
  const seen = readScreen(providers.get(agent)!.evidence.screen, screen)
  const { activity, question } = seen?.type === "Activity" ? seen : noReading
  const { choices = null } = wanted
  const offered = question?.choices ?? []
  if (activity !== wanted.activity) return `it reads as ${activity}, not as ${wanted.activity}`
  if ((question?.kind ?? null) !== (wanted.question ?? null)) return `the question is of the kind ${question?.kind}, not ${wanted.question}`
  if (choices !== null && !areOffered(offered, choices)) return `it offers ${JSON.stringify(offered)}, not ${JSON.stringify(choices)}`
  return null
}

const noReading: Pick<Extract<Observation, { type: "Activity" }>, "question"> & { readonly activity: null } = {
  activity: null,
  question: null
}

const areOffered = (offered: ReadonlyArray<string>, [next, ...others]: ReadonlyArray<string>): boolean => {
  if (next === undefined) return offered.length === 0
  const isOptional = next.startsWith("?")
  if (offered[0]?.startsWith(isOptional ? next.slice(1) : next) && areOffered(offered.slice(1), others)) return true
  return isOptional && areOffered(offered, others)
}
