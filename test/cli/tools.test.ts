/** A tool of a living agent: listed, ended by its number, and in the log; the agent lives on. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { readProcess } from "../../src/infra/holder/process-table.ts"
import { Daemon, fails, said } from "./support.ts"

/** Two tools in sessions of their own, as agents start them. */
const agent = "setsid sh -c 'sleep 6001 & exec sleep 6002' & setsid sleep 6003 & while read -r line; do echo lives; done"

describe("the tools of a session", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("are listed, and each is ended alone, and the log names the client", () =>
      Effect.gen(function* () {
        yield* said("run", "--detach", "--name", "busy", "--", "sh", "-c", agent)
        const list = Effect.map(
          said("tools", "busy", "--json"),
          (text) => JSON.parse(text) as Array<{ pgid: number; pids: Array<number>; commands: Array<string>; startedAt: string }>
        )
        const both = yield* Effect.repeat(list, {
          until: (tools) =>
            tools.length === 2 && tools.flatMap(({ commands }) => commands).filter((one) => /^sleep/.test(one)).length === 3,
          times: 50
        })
        const hanging = both.find(({ commands }) => commands.includes("sleep 6001"))!
        const other = both.find(({ commands }) => commands.includes("sleep 6003"))!
        assert.isBelow(Math.abs(Date.now() - Date.parse(hanging.startedAt)), 60_000)
        assert.match(yield* said("tools", "busy"), new RegExp(`${other.pgid} +1 .*sleep 6003`))

        yield* said("tools", "busy", "--kill", String(hanging.pgid))
        for (const pid of hanging.pids) assert.notStrictEqual(readProcess(pid)?.zombie, false)
        assert.deepStrictEqual(
          (yield* list).map(({ pgid }) => pgid),
          [other.pgid]
        )
        assert.strictEqual(readProcess(other.pgid)?.zombie, false)
        yield* said("input", "busy", "x", "--key", "enter")
        const facts = Effect.map(said("events", "busy", "--json"), (text) => text.split("\n").map((line) => JSON.parse(line)))
        const killed = yield* Effect.repeat(facts, { until: (all) => all.some(({ type }) => type === "ToolKilled"), times: 50 })
        const told = killed.filter(({ type }: { type: string }) => type.startsWith("ToolKill"))
        assert.deepStrictEqual(
          told.map(({ data, type }: { data: Record<string, unknown>; type: string }) => [type, data.pgid, data.by ?? data.signal]),
          [
            ["ToolKillRequested", hanging.pgid, "cli"],
            ["ToolKilled", hanging.pgid, "SIGTERM"]
          ]
        )
        assert.include(yield* said("output", "busy"), "lives")
        yield* fails(3, "tools", "busy", "--kill", "4194304")
        assert.strictEqual(readProcess(other.pgid)?.zombie, false)
        yield* said("kill", "busy", "--wait")
        assert.deepStrictEqual(yield* list, [])
        assert.notStrictEqual(readProcess(other.pgid)?.zombie, false)
      }).pipe(Effect.scoped)
    )
  })
})
