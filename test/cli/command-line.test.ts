import { assert, describe, it } from "@effect/vitest"
import { namePolicies, separateCommand } from "../../src/cli/command-line.ts"

describe("a command line", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["run bash", "run -- bash"],
    ["run -- bash", "run -- bash"],
    ["run -d true", "run -d -- true"],
    ["run -d bash -c ls", "run -d -- bash -c ls"],
    ["run --name x --label a=b bash --help", "run --name x --label a=b -- bash --help"],
    ["run --name=x bash", "run --name=x -- bash"],
    ["--home /h run -e A=1 bash", "--home /h run -e A=1 -- bash"],
    ["run git commit -- file", "run -- git commit -- file"],
    ["run", "run"],
    ["run --help", "run --help"],
    ["ls run", "ls run"],
    ["stop -- run x", "stop -- run x"]
  ]
  it.each(cases)("%s means %s", (given, meant) => {
    assert.deepStrictEqual(separateCommand(given.split(" ")), meant.split(" "))
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
