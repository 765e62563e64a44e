import { assert, describe, it } from "@effect/vitest"
import { separateCommand } from "../../src/cli/command-line.ts"

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
})
