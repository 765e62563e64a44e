/** Files that real processes hold open, beside the same files of others. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { codexPaths, openConversations } from "../../../src/infra/evidence/conversation-files.ts"
import { ProcessTree } from "../../../src/infra/holder/tree.ts"
import { type Launched, launched, temporaryDirectory } from "./launched.ts"

const first = "01a1fbf6-fb31-71b1-b1de-03241f012080"
const second = "01a1fbf7-0000-71b1-b1de-03241f012080"
const third = "01a1fbf8-0000-71b1-b1de-03241f012080"

const made = (path: string) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, "")
  return path
}
const rollout = (home: string, id: string) => made(join(home, "sessions/2026/11/21", `rollout-2026-11-21T02-37-09-${id}.jsonl`))
const lock = (home: string, id: string) => made(join(home, "thread-writer-locks", `${id}.lock`))
const open = ({ nonce, process }: Launched) => openConversations(new ProcessTree(process, nonce, { watched: false }), codexPaths)

describe("the conversations of a launch", () => {
  it.live("are those whose files its processes hold open, the locked one first", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      rollout(home, third)
      const holding = (descriptor: number, path: string) => `exec ${descriptor}>>'${path}'`
      const stranger = yield* launched(`${holding(3, lock(home, third))}; echo; sleep 60`, "files-other")
      const child = `bash -c "exec 5>>'${rollout(home, first)}'; echo; sleep 60; :"`
      const script = [holding(3, lock(home, second)), holding(4, rollout(home, second)), `${child} & wait`]
      const agent = yield* launched(script.join("; "), "files-1")
      assert.deepStrictEqual(open(agent), [
        { id: second, transcript: rollout(home, second) },
        { id: first, transcript: rollout(home, first) }
      ])
      assert.deepStrictEqual(open(stranger), [{ id: third, transcript: null }])
    }).pipe(Effect.scoped)
  )

  it.live("are none of files that are removed or named otherwise, nor of a process that has ended", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      const removed = rollout(home, first)
      const other = made(join(home, "sessions", "notes.jsonl"))
      const agent = yield* launched(`exec 3>>'${removed}'; exec 4>>'${other}'; exec 5>>'${lock(home, second)}'; echo; sleep 60`, "files-2")
      rmSync(removed)
      assert.deepStrictEqual(open(agent), [{ id: second, transcript: null }])
      yield* agent.end
      assert.deepStrictEqual(open(agent), [])
    }).pipe(Effect.scoped)
  )
})
