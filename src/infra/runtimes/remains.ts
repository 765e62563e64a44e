/** What lies on disk of launches, read without disturbing anybody who still writes it. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import {
  fileNames,
  type HolderSpec,
  type LaunchIdentity,
  launchDirectory,
  type Owner,
  readJournal,
  readJson,
  sessionDirectory
} from "../holder/launch-directory.ts"
import { isAlive } from "../holder/process-table.ts"
import type { LaunchRemains } from "./runtime.ts"

export const remainsOf = (home: string, session: string, generation: number): LaunchRemains | null => {
  const directory = launchDirectory(home, session, generation)
  if (!names(directory)) return null
  const identity = readJson<LaunchIdentity>(join(directory, fileNames.identity))
  const journal = readJournal(directory)
  const spawned = journal.flatMap(({ event }) => (event.type === "spawned" ? [event.process] : []))[0]
  const nonce = identity?.nonce ?? ownerOf(directory)?.nonce ?? readJson<HolderSpec>(join(directory, fileNames.spec))?.nonce ?? ""
  return { session, generation, nonce, process: identity?.process ?? spawned ?? null, journal }
}

export const listRemains = (home: string): ReadonlyArray<LaunchRemains> =>
  launches(home).flatMap(({ generation, session }) => remainsOf(home, session, generation) ?? [])

/** The highest epoch with which any daemon attached to a holder that is still here; 0 where there is none. */
export const highestEpoch = (home: string): number =>
  Math.max(
    0,
    ...launches(home).map(({ generation, session }) =>
      Number(readJson<number>(join(launchDirectory(home, session, generation), fileNames.epoch)) ?? 0)
    )
  )

const launches = (home: string): ReadonlyArray<{ readonly session: string; readonly generation: number }> =>
  (names(join(home, "sessions")) ?? []).flatMap((session) =>
    (names(sessionDirectory(home, session)) ?? []).flatMap((name) => {
      const generation = /^g(\d+)$/.exec(name)?.[1]
      return generation === undefined ? [] : [{ session, generation: Number(generation) }]
    })
  )

/** True also when there never was one. */
export const holderIsDead = (directory: string): boolean => {
  const owner = ownerOf(directory)
  return owner === null || owner.role !== "holder" || !isAlive(owner.process)
}

const ownerOf = (directory: string) => readJson<Owner>(join(directory, fileNames.owner))

const names = (directory: string): ReadonlyArray<string> | null => {
  try {
    return readdirSync(directory)
  } catch {
    return null
  }
}
