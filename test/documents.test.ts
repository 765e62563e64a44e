/** What the documentation says by name or by figure is what the program has. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Completions } from "effect/cli"
import * as OpenApi from "effect/http-api/OpenApi"
import { exitCodes } from "../src/cli/failures.ts"
import { program } from "../src/cli/program.ts"
import { Delivery } from "../src/domain/facts.ts"
import { limits } from "../src/domain/limits.ts"
import { PromptState } from "../src/domain/prompt-view.ts"
import { command } from "../src/domain/providers/command.ts"
import { providers } from "../src/domain/providers/index.ts"
import { Provider } from "../src/domain/providers/provider.ts"
import { canBeCut } from "../src/domain/providers/transcripts/history.ts"
import { State } from "../src/domain/view.ts"
import { Recovery } from "../src/http/contract/service.ts"
import { Api } from "../src/http/contract.ts"
import { codes } from "../src/http/problems.ts"
import { spareFlag } from "../src/infra/holder/spare.ts"

const decodeProvider = Schema.decodeUnknownSync(Provider, { onExcessProperty: "error" })

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

const names = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))
const [guide, operating, reference] = ["guide", "operating", "reference"].map((name) => read(`docs/${name}.md`)) as [string, string, string]
const unit = read("packaging/systemd/reprise.service")
const pages = [read("README.md"), ...names.map((name) => read(`docs/${name}`)), unit]
const manifest = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>>; readonly license: string }

/** The rows of the table whose head begins with these words, a list of cells each. */
const table = (page: string, head: string): ReadonlyArray<ReadonlyArray<string>> => {
  const lines = page.split("\n")
  const from = lines.findIndex((line) => line.startsWith(`| ${head} |`))
  assert.notStrictEqual(from, -1, `there is no table of: ${head}`)
  const rows = lines.slice(from + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith("|"))
    )
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
}

const quoted = (cell = ""): ReadonlyArray<string> => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)
const all = (pattern: RegExp): ReadonlyArray<string> => pages.flatMap((page) => [...page.matchAll(pattern)].map(([, word]) => word!))

describe("the documentation", () => {
  it("names scripts that there are", () => {
    const named = [...all(/\bnpm run ([a-z]+)/g), ...all(/\bnpm (start|test)\b/g)]
    assert.isAbove(named.length, 5)
    assert.deepStrictEqual(
      named.filter((name) => !(name in manifest.scripts)),
      []
    )
  })

  it("names files that there are", () => {
    const links = ["README.md", ...names.map((name) => `docs/${name}`)].flatMap((page) =>
      [...read(page).matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g)].map(([, path]) => join(page, "..", path!))
    )
    const named = [...all(/`((?:src|docs|packaging|test|scripts|bin)\/[\w./-]+)`/g), ...links, ...all(/\bcp (packaging\/\S+)/g)]
    assert.isAbove(named.length, 20)
    assert.deepStrictEqual(
      named.filter((path) => !existsSync(join(root, path))),
      []
    )
  })

  it("has a README that is read in a few minutes", () => {
    assert.isAtMost(read("README.md").split("\n").length, 150)
  })

  it("quotes every limit with its figure", () => {
    const rows = table(reference, "limit | figure")
    assert.isAbove(rows.length, 20)
    for (const [name, figure = ""] of rows) {
      const limit = quoted(name)[0]! as keyof typeof limits
      assert.strictEqual(Number(figure.replaceAll(",", "")), limits[limit], limit)
    }
  })

  it("lists the states and what start-up counts, all of them", () => {
    const firsts = (page: string, head: string) => table(page, head).map(([name]) => quoted(name)[0])
    assert.sameMembers(firsts(guide, "state | means"), [...State.literals])
    const { expected, tookMs, ...counts } = Recovery.fields
    assert.sameMembers(firsts(operating, "count | means"), Object.keys(counts))
  })

  it("names metrics and problems that there are", () => {
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => read(join("src", path)))
    const metrics = all(/`(reprise_[a-z0-9_]+)`/g)
    assert.isAbove(metrics.length, 7)
    assert.deepStrictEqual(
      metrics.filter((name) => !sources.some((text) => text.includes(`"${name}"`))),
      []
    )
    assert.deepStrictEqual(
      all(/with the code `([a-z_]+)`/g).filter((code) => !(code in codes)),
      []
    )
  })
})

describe("the guide and the reference", () => {
  const commands = new Map(
    Completions.fromCommand(program).subcommands.flatMap((command) =>
      (command.subcommands.length === 0 ? [command] : command.subcommands).map(({ flags, name }) => [
        command.subcommands.length === 0 ? name : `${command.name} ${name}`,
        flags.map((flag) => `--${flag.name}`)
      ])
    )
  )
  const shared = Completions.fromCommand(program).flags.map((flag) => `--${flag.name}`)
  /** Every verb takes these, and some have no use for them. */
  const idle = new Set(["interrupt", "continue", "unarchive", "resume", "archive"])

  it("lists every command with its flags", () => {
    const rows = new Map(table(reference, "command | does").map(([name, , flags]) => [quoted(name)[0]!, quoted(flags)]))
    assert.sameMembers(
      [...rows.keys(), "list"],
      [...commands.keys()],
      "`list` is another name of `ls`; every other command has a row of its own"
    )
    for (const [name, listed] of rows) {
      const own = commands.get(name)!.filter((flag) => !shared.includes(flag))
      if (idle.has(name)) assert.includeMembers([...own], [...listed], name)
      else assert.sameMembers([...listed], own, name)
    }
    assert.includeMembers([...quoted(/^Everywhere: .*$/m.exec(reference)?.[0])], shared)
  })

  it("uses commands and flags that there are", () => {
    const known = new Set([...[...commands.values()].flat(), ...shared, "--help", "--version", spareFlag])
    const invocations = all(/\breprise ((?:[a-z]+|--)[^`#|)(\n]*)/g).map((words) => words.split(/\s+/))
    const flags = [...invocations.flat().filter((word) => word.startsWith("--")), ...all(/`(--[a-z-]+)[^`]*`/g)]
    assert.isAbove(flags.length, 40)
    assert.deepStrictEqual(
      flags.filter((flag) => !known.has(flag)),
      []
    )
  })

  it("lists every exit code", () => {
    const listed = table(reference, "exit code | means").map(([code]) => Number(code))
    assert.sameMembers(
      listed.filter((code) => !Number.isNaN(code)),
      Object.values(exitCodes)
    )
  })

  it("lists every route, and none that is not served", () => {
    const served = Object.entries(OpenApi.fromApi(Api).paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`)
    )
    const verbs = quoted(table(reference, "route |").find(([route]) => route?.includes("{command}"))?.[1]).filter(
      (word) => !/\d/.test(word)
    )
    const listed = table(reference, "route |").flatMap(([cell]) => {
      let method = ""
      return quoted(cell).flatMap((route) => {
        const words = route.split(" ")
        method = words.length > 1 ? words[0]!.toLowerCase() : method
        const path = words.at(-1)!
        return path.includes("{command}") ? verbs.map((verb) => `${method} ${path.replace("{command}", verb)}`) : [`${method} ${path}`]
      })
    })
    const itself = ["get /openapi.json", "get /docs"]
    assert.sameMembers(listed, [...served, ...itself])
  })

  it("says the figures of keepalive and of stopping as they are", () => {
    const { baseMs, capMs, factor, healthyAfterMs, maxAttempts } = command.keepalive
    const { relaunchWindowMs, relaunchesPerWindow } = limits
    const [hangup, kill] = command.ladder
    assert.deepStrictEqual([command.keepalive.mode, factor, hangup?.step, kill?.step], ["never", 2, "hangup", "kill"])
    for (const said of [
      `${baseMs / 1_000} s · 2ⁿ⁻¹, at most ${capMs / 60_000} min`,
      `After ${maxAttempts} attempts without ${healthyAfterMs / 1_000} s of health`,
      `at most ${relaunchesPerWindow} relaunches happen in any ${relaunchWindowMs / 60_000} minutes`,
      hangup?.step === "hangup" ? `${hangup.signals.join(" and ")} to the process tree → ${hangup.waitMs / 1_000} s → SIGKILL` : ""
    ]) {
      assert.include(guide, said)
    }
  })

  it("describes the life of a prompt: its states, when it is typed, and how long its agent has to take it", () => {
    assert.deepStrictEqual(
      table(guide, "prompt is | means").map(([state]) => quoted(state)[0]),
      [...PromptState.literals]
    )
    const section = guide.slice(guide.indexOf("\n## Prompts\n"))
    const when = section.slice(section.indexOf("**When.**"), section.indexOf("**Once.**"))
    assert.includeMembers([...quoted(when).map((word) => word.replace("--deliver ", ""))], [...Delivery.literals])
    for (const said of [
      `stayed idle for ${limits.acceptMs / 1_000} s`,
      `\`uncertain\` after ${limits.acceptMs / 1_000} s (\`acceptMs\`)`,
      limits.acceptWhileBusyMs === 3_600_000 ? "has an hour (`acceptWhileBusyMs`)" : "",
      limits.prompts === 100 ? "A hundred may be open" : ""
    ]) {
      assert.notStrictEqual(said, "", "a figure changed that is written as a word")
      assert.include(section, said)
    }
  })

  it("names the codes by which prompts are refused, and the states of the status protocol, as they are", () => {
    const sources = ["decide/prompts.ts", "decide/prompt-fates.ts", "program-status.ts"]
      .map((name) => read(join("src/domain", name)))
      .join("\n")
    const spoken = /Its\nstates ([\s\S]*?)A program that first asks/.exec(guide)?.[1]
    const heard = ["idle", "done", "error", "working", "blocked", "clear"]
    assert.includeMembers([...quoted(spoken)], heard)
    for (const state of heard) assert.match(sources, new RegExp(`^  \\["${state}", "`, "m"))
    for (const code of ["queue_full", "no_conversation", "prompt_exists"]) {
      assert.include(guide + reference, `(\`${code}\`)`)
      assert.include(sources, `refuse("${code}"`)
    }
  })

  it("describes a provider as one is taken, and the agents by what they can do", () => {
    const example = /```json\n(\{\n {2}"id": "mycoder"[\s\S]*?)```/.exec(guide)?.[1] ?? "null"
    assert.strictEqual(decodeProvider(JSON.parse(example)).id, "mycoder")
    for (const [name, title, tells = "", can = ""] of table(guide, "run | is")) {
      const agent = [...providers.values()].find(({ command }) => command?.[0] === quoted(name)[0])
      assert.strictEqual(agent?.title, title)
      const { conversation, evidence, model } = agent!
      assert.deepStrictEqual(
        [
          /\bfork\b/.test(can),
          /at a message/.test(can),
          /model/.test(can),
          /resume/.test(can),
          /hooks/.test(tells),
          /file|transcript/.test(tells)
        ],
        [
          (conversation?.fork ?? null) !== null,
          canBeCut(evidence.transcript),
          model !== null,
          conversation !== null,
          evidence.hooks !== null,
          evidence.transcript !== null
        ],
        title
      )
    }
  })

  it("is under the licence that the package names", () => {
    assert.strictEqual(manifest.license, "MIT")
    assert.match(read("LICENSE"), /^MIT License\n/)
  })
})

describe("the systemd unit", () => {
  it("ends the daemon alone, and runs it in the foreground", () => {
    const settings = unit.split("\n").filter((line) => /^[A-Z]\w+=/.test(line))
    assert.includeMembers(settings, ["KillMode=process", "Restart=on-failure"])
    assert.deepStrictEqual(
      settings.filter((line) => line.startsWith("ExecStart=")).map((line) => line.split(" ").slice(1)),
      [["serve"]]
    )
  })
})
