/** What real agents of several versions have drawn is read as a person reads it. `npm run record:screens` records the screens again. */
import { existsSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { agentNames, recorded } from "../agents/installed.ts"
import { faultIn, fileOf, keptScreen } from "./reading.ts"
import { scenarios } from "./scenarios.ts"

for (const agent of agentNames) {
  for (const version of recorded[agent]) {
    describe(`a screen of ${agent} ${version}`, () => {
      for (const { name, reads, without } of scenarios[agent]) {
        const file = fileOf(agent, version, name)
        if (without?.[version] !== undefined) {
          it(`is not there for "${name}": ${without[version]}`, () => assert.isFalse(existsSync(file)))
          continue
        }
        it(`is read as what it is: ${name}`, () => assert.isNull(faultIn(agent, keptScreen(file), reads)))
      }
    })
  }
}
