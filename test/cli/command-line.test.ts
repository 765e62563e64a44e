import { assert, describe, it } from "@effect/vitest"
import { namePolicies, separateCommand, valuedOfProgram } from "../../src/cli/command-line.ts"
import { runFlags } from "../../src/cli/commands/run.ts"
import { sharedFlags } from "../../src/cli/root.ts"
import { valuedFlags } from "../../src/cli/valued-flags.ts"

describe("a command line", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["run bash", "run -- bash"],
    ["run -- bash", "run -- bash"],
    ["run -d true", "run -d -- true"],
    ["run -d bash -c ls", "run -d -- bash -c ls"],
    ["run --name x --label a=b bash --help", "run --name x --label a=b -- bash --help"],
    ["run --name=x bash", "run --name=x -- bash"],
    ["run -n x bash", "run -n x -- bash"],
    ["run -dn x bash -c ls", "run -dn x -- bash -c ls"],
    ["run -C /tmp -l a=b -e A bash", "run -C /tmp -l a=b -e A -- bash"],
    ["run --conversation c --prompt p --provider claude-code -x", "run --conversation c --prompt p --provider claude-code -x"],
    ["--home /h run -e A=1 bash", "--home /h run -e A=1 -- bash"],
    ["run git commit -- file", "run -- git commit -- file"],
    ["run", "run"],
    ["run --help", "run --help"],
    ["ls run", "ls run"],
    ["stop -- run x", "stop -- run x"]
  ]
  it.each(cases)("%s means %s", (given, meant) => {
    assert.deepStrictEqual(separateCommand(given.split(" "), valuedFlags(runFlags)), meant.split(" "))
  })

  it("knows each flag of `run` and of the program that takes a value, as the parser has them", () => {
    for (const flag of valuedFlags(runFlags))
      assert.deepStrictEqual(separateCommand(["run", flag, "value", "bash"], valuedFlags(runFlags)), ["run", flag, "value", "--", "bash"])
    for (const flag of valuedFlags(sharedFlags)) assert.isTrue(valuedOfProgram.has(flag), flag)
  })

  const policies: ReadonlyArray<readonly [string, string]> = [
    ["trace backtest f --keepalive.maxAttempts 5", "trace backtest f --policy keepalive.maxAttempts=5"],
    ["trace backtest --stop.graceMs=1 f g", "trace backtest --policy stop.graceMs=1 f g"],
    ["--home /h trace --json backtest f --idleStopMs none", "--home /h trace --json backtest f --policy idleStopMs=none"],
    ["trace backtest f --home /h --policy a=b --json", "trace backtest f --home /h --policy a=b --json"],
    ["trace backtest f --last", "trace backtest f --policy last="],
    ["trace verify backtest --x 1", "trace verify backtest --x 1"],
    ["run backtest --x 1", "run backtest --x 1"]
  ]
  it.each(policies)("%s tries what %s does", (given, meant) => {
    assert.deepStrictEqual(namePolicies(given.split(" ")), meant.split(" "))
  })
})
