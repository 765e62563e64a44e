/** Each dialog in the place of another is another question, however fast its report comes back, and however it is drawn. */
import { assert, describe, it } from "@effect/vitest"
import { makeRedrawn } from "../../src/actors/redrawn.ts"
import type { Question } from "../../src/domain/observations.ts"
import type { SessionContext } from "../../src/domain/session-context.ts"

/** A session that the screen alone informs; `taken` says that the newest report has arrived. */
const watched = () => {
  let id = 1
  let reported = 1
  const activity = () => ({ source: "screen", value: "waiting", asked: { id: `1.${id}`, kind: "permission", choices: [] } })
  const isRedrawn = makeRedrawn(() => ({ activity: activity() }) as unknown as SessionContext)
  let nowMs = 0
  return {
    sees: (command: string, choices: ReadonlyArray<string> = ["Yes", "No"]) => {
      const question: Question = { kind: "permission", text: "May I do it?", choices }
      nowMs += 2_000
      const isNew = isRedrawn(question, [command, "", "May I do it?", ...choices.map((choice) => `  ${choice}`)], nowMs)
      if (isNew) reported += 1
      return isNew
    },
    taken: () => {
      id = reported
    }
  }
}

describe("dialogs that follow each other", () => {
  it("are questions of their own, the third and the fourth too", () => {
    const screen = watched()
    assert.isFalse(screen.sees("ls"))
    for (const command of ["cat a", "rm -rf /", "ls"]) {
      assert.isTrue(screen.sees(command), command)
      screen.taken()
      assert.isFalse(screen.sees(command), command)
    }
  })

  it("are so before the report of the one before has arrived", () => {
    const screen = watched()
    screen.sees("ls")
    assert.isTrue(screen.sees("cat a"))
    assert.isFalse(screen.sees("cat a"))
    assert.isTrue(screen.sees("rm -rf /"))
    screen.taken()
    assert.isTrue(screen.sees("ls"))
  })

  it("are so where the next is drawn piece by piece", () => {
    const screen = watched()
    screen.sees("ls")
    assert.isFalse(screen.sees("rm -rf /", []))
    assert.isTrue(screen.sees("rm -rf /"))
  })
})
