/** Fuzzes the files of a launch that a daemon reads: journals, claims, identities, specifications, epochs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { limits } from "../../src/domain/limits.ts"
import { fileNames, readEpoch, readIdentity, readOwner, readSpec } from "../../src/infra/holder/launch-directory.ts"
import { highestEpoch, listRemains } from "../../src/infra/runtimes/remains.ts"
import { Chance } from "../support/world-chance.ts"
import { corpusOf } from "./corpus.ts"
import { jsonOf, mutated } from "./http-grammar.ts"
import { type Finding, hasMore, type Outcome, shown, type Target } from "./target.ts"

export const journals: Target = {
  name: "journals",
  promise: "reads every launch directory, takes what a holder writes and nothing else, and never throws",
  run: async (seed, budget): Promise<Outcome> => {
    const chance = new Chance(seed)
    const corpus = corpusOf("journals")
    const home = mkdtempSync(join(tmpdir(), "reprise-fuzz-journals-"))
    const launch = join(home, "sessions", "s-000000000000", "g1")
    mkdirSync(launch, { recursive: true })
    const findings: Array<Finding> = []
    const known = new Set<string>()
    let [inputs, longestMs] = [0, 0]
    try {
      while (hasMore(budget, inputs)) {
        inputs += 1
        const name = chance.pick([
          fileNames.journal,
          fileNames.journal,
          fileNames.owner,
          fileNames.identity,
          fileNames.spec,
          fileNames.epoch
        ])
        const input = corpus.length > 0 && chance.happens(0.3) ? mutated(chance, chance.pick(corpus)) : contentOf(chance, name)
        writeFileSync(join(launch, name), input)
        const startedAt = performance.now()
        const behaviour = read(home, launch, (what) => findings.push({ what, input: shown(input) }))
        longestMs = Math.max(longestMs, performance.now() - startedAt)
        if (known.has(behaviour)) continue
        known.add(behaviour)
        budget.keep(input)
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
    return { inputs, findings, figures: { "longest read ms": Math.round(longestMs), behaviours: known.size } }
  }
}

/** What came of it, in a word; calls `found` where a promise is broken. */
const read = (home: string, launch: string, found: (what: string) => void): string => {
  try {
    const epoch = highestEpoch(home)
    if (!(epoch >= 0 && epoch <= limits.epochOnDisk)) found(`the epoch is ${epoch}`)
    const [remains] = listRemains(home)
    if (remains === undefined) found("the launch is not listed")
    const entries = remains?.journal ?? []
    if (entries.some(({ n }, index) => n !== index + 1)) found("entries are not numbered one by one")
    const whole = [readOwner(launch), readIdentity(launch), readSpec(launch)].map((one) => Number(one !== null)).join("")
    return `${whole} ${Math.sign(readEpoch(launch))} ${entries.map(({ event }) => event.type).join(",")}`
  } catch (cause) {
    found(`threw ${String(cause)}`)
    return "threw"
  }
}

const process = { bootId: "b", pid: 77, startTime: 1 }
const events = [
  { type: "spawned", process },
  { type: "launch_failed", code: "c", message: "m" },
  { type: "output_began" },
  { type: "stop_step", step: "kill", signals: ["SIGKILL"], pids: [1] },
  { type: "exited", code: 0, signal: null },
  { type: "leftovers", leftovers: [{ pid: 1, command: "c" }] },
  { type: "cleared", swept: 0 },
  { type: "output_dropped", from: 0, to: 1, reason: "retention" }
]

const sound = (chance: Chance, name: string): string => {
  switch (name) {
    case fileNames.journal:
      return Array.from(
        { length: chance.between(0, 6) },
        (_, index) => `${JSON.stringify({ n: index + 1, wallMs: 1, offset: 0, event: chance.pick(events) })}\n`
      ).join("")
    case fileNames.owner:
      return JSON.stringify({ nonce: "n", process, role: chance.pick(["holder", "abandoned"]) })
    case fileNames.identity:
      return JSON.stringify({ nonce: "n", generation: 1, process, holder: process, protocol: { min: 1, max: 1 }, build: "b" })
    case fileNames.epoch:
      return String(chance.pick([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -1, 1.5]))
    default:
      return JSON.stringify({
        session: "s",
        generation: 1,
        nonce: "n",
        executable: "/bin/true",
        args: [],
        cwd: "/",
        env: {},
        size: { cols: 80, rows: 24 },
        ladder: [{ step: "kill" }],
        outputDirectory: "o",
        outputRetentionBytes: 1,
        build: "b"
      })
  }
}

const contentOf = (chance: Chance, name: string): Buffer => {
  if (chance.happens(0.2)) return Buffer.from(jsonOf(chance))
  const text = Buffer.from(sound(chance, name))
  return chance.happens(0.3) ? text : mutated(chance, text)
}
