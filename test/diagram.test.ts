/** The pictures in the documentation are those of the machine that runs. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import type { AnyStateNode } from "xstate"
import { illustrated, pictures } from "../scripts/diagram.ts"
import { machine } from "../src/domain/machine.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const stale = (file: string) => `${file} does not show the machine as it is: npm run diagram`

describe("the state diagram", () => {
  for (const [file, text] of pictures())
    it(`in ${file} is the machine's`, () => {
      assert.strictEqual(readFileSync(join(root, file), "utf8"), text, stale(file))
    })

  it("in docs/architecture.md is the machine's", () => {
    const architecture = readFileSync(join(root, "docs/architecture.md"), "utf8")
    assert.strictEqual(architecture, illustrated(architecture), stale("docs/architecture.md"))
  })

  it("shows every fact that leads from one state to another, and none that does not exist", () => {
    const drawn = new Set([...pictures().values()].join("\n").match(/[A-Z][a-z]+[A-Z]\w+|GaveUp/g))
    const moving = new Set(
      every(machine.root).flatMap((state) =>
        [...state.transitions.values()].flat().flatMap(({ eventType, target }) => (target === undefined ? [] : [eventType as string]))
      )
    )
    // What the agent is doing is one box: any activity may follow any other.
    moving.delete("ActivityChanged")
    assert.sameMembers([...drawn], [...moving])
  })

  it("leaves the rest of a page as it is, and names what is missing from one without a place for it", () => {
    const page = illustrated("above\n<!-- diagram -->\nof yesterday\n<!-- diagram -->\nbelow\n")
    assert.match(page, /^above\n<!-- diagram -->\n```mermaid\nstateDiagram-v2\n[\s\S]*<!-- diagram -->\nbelow\n$/)
    assert.notInclude(page, "of yesterday")
    assert.throws(() => illustrated("no place"), "docs/architecture.md needs two lines that say <!-- diagram -->")
  })
})

const every = (state: AnyStateNode): ReadonlyArray<AnyStateNode> => [state, ...Object.values(state.states).flatMap(every)]
