/** The tools of a real agent: process groups that it left behind it, seen and ended one at a time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { identityOf, isAlive } from "../../../src/infra/holder/process-table.ts"
import { type LaunchOrder, Runtime } from "../../../src/infra/runtimes/runtime.ts"
import { eventually, inHome, launched, outputUntil } from "../../support/holder.ts"

const agent = (tool: string) => `set +m; ${tool}; echo ready; while read -r line; do echo "lives: $line"; done`
const pidsIn = (text: string) => [...text.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
/** In a session of its own, as agents start their tools; it and its child say their pids. */
const detached = (script: string) => `setsid sh -c '${script}' & sleep 0.3`

const begun = Effect.fnUntraced(function* (script: string, changes: Partial<LaunchOrder> = {}) {
  const { link, order } = yield* launched(script, changes)
  const text = yield* outputUntil(order.session, "ready")
  const runtime = yield* Runtime
  return { link, order, leader: link.process!, pids: pidsIn(text), runtime }
})

const stillTypes = Effect.fnUntraced(function* ({ link, order }: Effect.Success<ReturnType<typeof launched>>) {
  yield* link.write("after", Buffer.from("hello\r"))
  yield* outputUntil(order.session, "lives: hello")
})

describe("a tool of an agent", () => {
  it.live("is seen with its processes, and ended with them, while the agent and its other tool live on", () =>
    inHome(() =>
      Effect.gen(function* () {
        const two = `${detached("echo pid $$; sleep 1000 & echo pid $!; wait")}; ${detached("echo pid $$; exec sleep 2000")}`
        const held = yield* begun(agent(two))
        const { leader, order, pids, runtime } = held
        const [first, child, second] = pids as [number, number, number]
        const identities = pids.map((pid) => identityOf(pid)!)
        const seen = yield* runtime.tools(order, leader)
        assert.deepStrictEqual(
          seen.map(({ pgid, pids }) => ({ pgid, pids: [...pids].sort((a, b) => a - b) })),
          [
            { pgid: first, pids: [first, child].sort((a, b) => a - b) },
            { pgid: second, pids: [second] }
          ]
        )
        assert.include(seen[0]!.commands, "sleep 1000")
        assert.deepStrictEqual(seen[1]!.commands, ["sleep 2000"])
        assert.isBelow(Math.abs(Date.now() - seen[1]!.startedAt), 30_000)

        const end = yield* runtime.killTool(order, leader, first)
        assert.deepStrictEqual(
          { ...end, pids: [...(end?.pids ?? [])].sort((a, b) => a - b) },
          {
            pids: [first, child].sort((a, b) => a - b),
            signal: "SIGTERM",
            left: []
          }
        )
        assert.deepStrictEqual(identities.map(isAlive), [false, false, true])
        yield* stillTypes(held)
      })
    )
  )

  it.live("that does not listen is killed after two seconds", () =>
    inHome(() =>
      Effect.gen(function* () {
        const held = yield* begun(agent(detached('trap "" TERM; echo pid $$; while :; do sleep 0.1; done')))
        const { leader, order, pids, runtime } = held
        const deaf = identityOf(pids[0]!)!
        const startedAt = performance.now()
        const end = yield* runtime.killTool(order, leader, pids[0]!)
        assert.strictEqual(end?.signal, "SIGKILL")
        assert.deepStrictEqual(end?.left, [])
        assert.isAtLeast(performance.now() - startedAt, 2_000)
        assert.isFalse(isAlive(deaf))
        yield* stillTypes(held)
      })
    )
  )

  it.live("is never the agent itself, nor a stranger", () =>
    inHome(() =>
      Effect.gen(function* () {
        const held = yield* begun(agent("sleep 3000 & true"))
        const { leader, order, runtime } = held
        assert.deepStrictEqual(yield* runtime.tools(order, leader), [], "what runs in the agent's own group is the agent")
        const other = yield* begun(agent(detached("echo pid $$; exec sleep 4000")))
        const stranger = identityOf(other.pids[0]!)!
        for (const pgid of [leader.pid, process.pid, 1, 0, stranger.pid]) assert.isNull(yield* runtime.killTool(order, leader, pgid))
        assert.isTrue(isAlive(leader) && isAlive(stranger))
        yield* stillTypes(held)
      })
    )
  )

  it.live("is nothing to be ended any more when the agent is gone", () =>
    inHome(() =>
      Effect.gen(function* () {
        const { leader, link, order, pids, runtime } = yield* begun(agent(detached("echo pid $$; exec sleep 5000")))
        yield* link.runLadder("kill")
        yield* eventually("the agent is gone", () => !isAlive(leader))
        assert.deepStrictEqual(yield* runtime.tools(order, leader), [])
        assert.isNull(yield* runtime.killTool(order, leader, pids[0]!))
      })
    )
  )
})
