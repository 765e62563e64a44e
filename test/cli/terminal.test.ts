import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { until } from "../support/daemon.ts"
import { Daemon, reprise, type Terminal, terminal } from "./support.ts"

const detach = "\x1cd"

/** What a terminal must be again once the command line has left it. */
const isSane = Effect.fnUntraced(function* (shown: Terminal) {
  const text = yield* shown.shows("settled")
  assert.match(text, /^icanon$/m)
  assert.isFalse(shown.alternate)
  const { bracketedPasteMode, mouseTrackingMode, sendFocusMode } = shown.modes
  assert.deepStrictEqual([bracketedPasteMode, mouseTrackingMode, sendFocusMode], [false, "none", false])
  return text
})

/** An agent that switches on everything a terminal has, and then echoes. */
const greedy = `sh -c 'stty -echo; printf "\\033[?1049h\\033[?1003;1006h\\033[?1004h\\033[?2004h\\033[?25l\\033[>1uready"; exec cat'`

describe("a session in a terminal", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    const run = Effect.fnUntraced(function* (command: string, size?: { readonly cols: number; readonly rows: number }) {
      return yield* terminal((yield* Daemon).home, `$REPRISE ${command}`, size)
    })
    const sessionNamed = (name: string) =>
      Effect.map(
        Effect.flatMap(Daemon, ({ home }) => reprise(home, "show", name, "--json")),
        ({ stdout }) => JSON.parse(stdout) as Record<string, unknown>
      )

    it.effect("shows what the agent says, takes what is typed, and ends with its exit code", () =>
      Effect.gen(function* () {
        const shown = yield* run("run sh -c 'read word; echo \"heard $word\"; exit 7'")
        shown.type("hello\r")
        yield* shown.shows("heard hello")
        assert.match(yield* isSane(shown), /s-\w+ is over: crashed, exit 7\n[\s\S]*code=7/)
      }).pipe(Effect.scoped)
    )

    it.effect("ends with 128 and the number of the signal that ended the agent", () =>
      Effect.gen(function* () {
        const shown = yield* run("run sh -c 'kill -9 $$'")
        yield* shown.shows("code=137")
      }).pipe(Effect.scoped)
    )

    it.effect("shows what a command said that was over before a client looked", () =>
      Effect.gen(function* () {
        const shown = yield* run("run sh -c 'echo quick; exit 3'")
        assert.match(yield* isSane(shown), /quick\n[\s\S]*is over: crashed, exit 3\n[\s\S]*code=3/)
      }).pipe(Effect.scoped)
    )

    it.effect("is left by the detach keys, lives on, and leaves the terminal as it was", () =>
      Effect.gen(function* () {
        // What it switches on before a client looks is part of the screen only as far as screens can be drawn again: it waits.
        const shown = yield* run(`run --name greedy ${greedy.replace("stty -echo;", "stty -echo; read -r _;")}`)
        shown.type("\r")
        yield* shown.shows("ready")
        yield* Effect.promise(() => until("the modes are on", () => shown.alternate && shown.modes.mouseTrackingMode === "any"))
        shown.type(detach)
        assert.match(yield* isSane(shown), /detached from (s-\w+), still running; reprise attach \1\n[\s\S]*code=0/)
        assert.isTrue(shown.raw.includes("\x1b[<1u") || shown.raw.includes("\x1b[=0u"))
        assert.strictEqual((yield* sessionNamed("greedy")).state, "streaming")

        const again = yield* run("attach greedy")
        yield* again.shows("ready")
        again.type("once more\r")
        yield* again.shows("once more")
        again.type("\x1cd")
        yield* isSane(again)
      }).pipe(Effect.scoped)
    )

    it.effect("is left by the detach keys while the terminal reports between them, and the agent gets none of the keys", () =>
      Effect.gen(function* () {
        const shown = yield* run(`run --name reported sh -c 'read -r _; printf "\\033[?1003;1006h\\033[?2048hready"; exec sleep 60'`)
        shown.type("\r")
        yield* shown.shows("ready")
        for (const bytes of ["\x1c", "\x1b[<35;10;5M\x1b[48;24;80;480;800t\x1b[?9", "97;1n", "d"]) shown.type(bytes)
        assert.match(yield* isSane(shown), /detached from[\s\S]*code=0/)
        assert.strictEqual((yield* sessionNamed("reported")).state, "streaming")
      }).pipe(Effect.scoped)
    )

    it.effect("is left while the agent sets sizes in band again and again", () =>
      Effect.gen(function* () {
        const set = "\x1b[?2048h"
        const shown = yield* run(`run sh -c 'read -r _; while :; do printf "\\033[?2048hset"; sleep 0.03; done'`)
        shown.type("\r")
        yield* Effect.promise(() => until("it was set ten times", () => shown.raw.split("set").length > 10))
        assert.strictEqual(shown.raw.split(set).length, 2)
        // A terminal that reports nevertheless.
        for (let at = 0; at < 20; at++) shown.type("\x1b[48;24;80;480;800t")
        shown.type("\x1c\x1b[48;24;80;480;800td")
        assert.match(yield* isSane(shown), /detached from[\s\S]*code=0/)
      }).pipe(Effect.scoped)
    )

    it.effect.each(["SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"] as const)("gives the terminal back on %s", (signal) =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        // The shell's own pid becomes the command line's, so that it differs from everything else here.
        const shown = yield* terminal(home, `sh -c 'echo "pid=$$."; exec $REPRISE run ${greedy.replaceAll("'", "'\\''")}'`)
        const [, pid] = /pid=(\d+)\./.exec(yield* shown.shows(/pid=\d+\./)) ?? []
        yield* shown.shows("ready")
        process.kill(Number(pid), signal)
        const number = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 }[signal]
        assert.include(yield* isSane(shown), `code=${128 + number}`)
      }).pipe(Effect.scoped)
    )

    it.effect("takes Ctrl-C as the agent's, not its own", () =>
      Effect.gen(function* () {
        const shown = yield* run(`run sh -c 'trap "echo caught; exit 4" INT; echo ready; while :; do sleep 0.05; done'`)
        yield* shown.shows("ready")
        shown.type("\x03")
        yield* shown.shows("caught")
        yield* shown.shows("code=4")
      }).pipe(Effect.scoped)
    )

    it.effect("has the size of the terminal, and follows it", () =>
      Effect.gen(function* () {
        const shown = yield* run(`run sh -c 'trap "stty size" WINCH; stty size; while :; do sleep 0.05; done'`, { cols: 91, rows: 17 })
        yield* shown.shows("17 91")
        shown.resize(70, 20)
        yield* shown.shows("20 70")
        shown.type(detach)
        yield* isSane(shown)
      }).pipe(Effect.scoped)
    )

    it.effect("types nothing into a session that is only looked at", () =>
      Effect.gen(function* () {
        yield* reprise((yield* Daemon).home, "run", "-d", "--name", "seen", "sh", "-c", "echo visible; exec cat")
        const shown = yield* run("attach --view seen")
        yield* shown.shows("visible")
        shown.type("silent\r")
        shown.type(detach)
        yield* isSane(shown)
        const { stdout } = yield* reprise((yield* Daemon).home, "output", "seen")
        assert.strictEqual(stdout, "visible\r\n")
      }).pipe(Effect.scoped)
    )

    it.effect("comes back with its screen when the daemon does", () =>
      Effect.gen(function* () {
        const daemon = yield* Daemon
        const shown = yield* run("run --name back sh -c 'echo before; exec cat'")
        yield* shown.shows("before")
        yield* Effect.promise(() => daemon.kill())
        yield* shown.shows("the daemon is gone; trying again")
        const without = shown.raw.length
        yield* Effect.promise(() => daemon.start())
        yield* Effect.promise(() => until("the screen is drawn again", () => shown.raw.slice(without).includes("before")))
        shown.type("after\r")
        yield* shown.shows(/after\nafter/)
        shown.type(detach)
        yield* isSane(shown)
      }).pipe(Effect.scoped)
    )

    it.effect("sends no line of which the middle was typed while the daemon was away", () =>
      Effect.gen(function* () {
        const daemon = yield* Daemon
        const shown = yield* run("run --name gap sh -c 'echo ready; exec cat'")
        yield* shown.shows("ready")
        shown.type("remove /home")
        yield* shown.shows("remove /home")
        yield* Effect.promise(() => daemon.kill())
        yield* shown.shows("the daemon is gone; trying again")
        shown.type("/me/x")
        const without = shown.raw.length
        yield* Effect.promise(() => daemon.start())
        yield* Effect.promise(() => until("the screen is drawn again", () => shown.raw.slice(without).includes("remove /home")))
        shown.type("/cache")
        yield* shown.shows("keys may be lost with the daemon")
        shown.type("\r")
        yield* Effect.sleep("700 millis")
        const before = shown.raw.length
        shown.type("\r")
        yield* Effect.promise(() => until("the screen is drawn without the note", () => shown.raw.slice(before).includes("remove /home")))
        shown.type("/other\r")
        yield* shown.shows(/remove \/home\/other\nremove \/home\/other\n/)
        assert.notInclude((yield* reprise(daemon.home, "output", "gap")).stdout, "cache")
        shown.type(detach)
        yield* isSane(shown)
      }).pipe(Effect.scoped)
    )

    it.effect("can be left while the daemon is away, and says so where an option says not to wait", () =>
      Effect.gen(function* () {
        const daemon = yield* Daemon
        yield* reprise(daemon.home, "run", "-d", "--name", "away", "sh", "-c", "echo here; exec cat")
        const patient = yield* run("attach away")
        const hasty = yield* run("attach away --no-reconnect")
        yield* patient.shows("here")
        yield* hasty.shows("here")
        yield* Effect.promise(() => daemon.kill())
        assert.match(yield* isSane(hasty), /code=5/)
        yield* patient.shows("trying again")
        patient.type(detach)
        assert.match(yield* isSane(patient), /detached from[\s\S]*code=0/)
        yield* Effect.promise(() => daemon.start())
      }).pipe(Effect.scoped)
    )

    it.effect("stays through a relaunch", () =>
      Effect.gen(function* () {
        const shown = yield* run(`run --keepalive always --name again sh -c 'echo "generation $REPRISE_GENERATION"; read a; exit 1'`)
        yield* shown.shows("generation 1")
        shown.type("x\r")
        yield* shown.shows(/relaunch 1 is coming/)
        yield* shown.shows("generation 2", 20_000)
        shown.type(detach)
        yield* isSane(shown)
        yield* reprise((yield* Daemon).home, "kill", "again")
      }).pipe(Effect.scoped)
    )
  })
})
