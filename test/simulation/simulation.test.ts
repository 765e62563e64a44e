import { assert, describe, it } from "@effect/vitest"
import { Ledger } from "../support/world-ledger.ts"
import { mutants } from "./mutants.ts"
import { simulate } from "./simulation.ts"

/** About 15 seconds of a core. */
const seeds = Array.from({ length: 400 }, (_unused, n) => n + 1)
const steps = 30

/** Seed and steps that found a defect, each mended since. The harness changes too, so what they meet now may be another life. */
const museum = [
  [248, 60],
  [1021, 60],
  [2071, 150],
  [2113, 150]
] as const

/** Looked at by some seed, or the simulation proves nothing of it. */
const rules = [
  ...["I1 seq", "I1 position", "I2", "I3 once", "I3 same", "I4", "I5", "I5 reply", "I6 hash", "I6 checkpoint", "I7", "I8", "I8 fenced"],
  ...[
    "I9",
    "I9 unknown",
    "I10",
    "I12",
    "I13",
    "I14",
    "I15",
    "I16",
    "I17",
    "I19",
    "I20",
    "I20 alive",
    "I21",
    "I22",
    "I23 once",
    "I23 exact"
  ],
  ...["I23 ended once", "I24", "I25", "I26", "I27", "I27 terminated", "I28", "I29 bounds", "I29 grows", "I30", "I31", "I32", "I33"],
  ...["I37 written", "I37 not written", "I37 order", "I37 fate", "I37 settled", "I39 processes", "I39 launches", "I39 requests"],
  ...["I39 residents", "I41", "I42 sum", "I42 bound", "I42 ready"],
  ...["I2 prompt", "I3 same prompt", "I5 prompt", "P text kept", "P lease", "P same conversation", "P told by this launch", "P activity"],
  ...["P one at a time", "P not while stopping", "P not while interrupted", "P not expired", "P turn boundary", "P idle", "P first come"],
  ...["P no accidental answer", "P answers the open question", "P answer in time", "P typed once", "P not typed", "P whole"],
  ...["P accepted is seen", "P rejected is not taken", "P taken once", "P resent once", "P resent by wish", "P expires in time"],
  ...["P no reload in a turn", "P settled", "P delivered", "P interrupt settled"]
]
const moves = [
  ...["create", "command", "write", "retry", "visit", "pass", "crash", "holder_dies", "hang", "disconnect", "print", "kill", "fuse"],
  ...[
    "prompt",
    "reprompt",
    "change",
    "fork",
    "restart",
    "succession",
    "disk",
    "doubt",
    "defect",
    "wall_jump",
    "suspend",
    "reboot",
    "poison"
  ]
]

describe("any world", () => {
  it("keeps every promise, and every promise is looked at", { timeout: 120_000 }, async () => {
    const all = new Ledger()
    const made = new Set<string>()
    for (const seed of seeds) {
      const outcome = await simulate(seed, steps)
      assert.deepStrictEqual(outcome.violations, [], `npm run simulate -- --seed ${seed} --steps ${steps}`)
      all.add(outcome)
      for (const move of outcome.moves.keys()) made.add(move)
    }
    assert.deepStrictEqual(
      rules.filter((rule) => (all.counts.get(rule) ?? 0) === 0),
      [],
      "rules that no seed has looked at"
    )
    assert.deepStrictEqual(
      moves.filter((move) => !made.has(move)),
      [],
      "moves that no seed has made"
    )
  })

  it("stays sound in the lives that once were not", { timeout: 60_000 }, async () => {
    for (const [seed, length] of museum) {
      const { violations } = await simulate(seed, length)
      assert.deepStrictEqual(violations, [], `npm run simulate -- --seed ${seed} --steps ${length}`)
    }
  })

  it("has one history for one seed", { timeout: 30_000 }, async () => {
    for (const seed of [3, 11, 29]) {
      const [one, two] = [await simulate(seed, steps), await simulate(seed, steps)]
      assert.strictEqual(one.hash, two.hash)
      assert.deepStrictEqual(one.story, two.story)
    }
    assert.notStrictEqual((await simulate(3, steps)).hash, (await simulate(4, steps)).hash)
  })
})

describe("a planted fault", () => {
  for (const [name, mutant] of Object.entries(mutants))
    it(`is found: ${name}`, { timeout: 60_000 }, async () => {
      for (const seed of seeds) if ((await simulate(seed, steps, mutant)).violations.length > 0) return
      assert.fail(`${seeds.length} seeds did not find it`)
    })
})
