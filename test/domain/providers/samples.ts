/** What real agents wrote, of one run each against a model server on loopback; paths of the machine are replaced. */
import { readFileSync } from "node:fs"

export const sampleLines = (name: string): ReadonlyArray<string> =>
  readFileSync(new URL(`samples/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "")

export const sampleHooks = (name: string): ReadonlyArray<{ readonly event: string; readonly payload: unknown }> =>
  sampleLines(name).map((line) => JSON.parse(line))
