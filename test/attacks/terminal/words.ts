/** Attacks by words: names, labels, commands, directories and titles that act on the terminal of the person that reads of them. */
import { execFile } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { SessionView } from "../../../src/domain/view.ts"
import { until } from "../../support/daemon.ts"
import type { Attack, Ground } from "../attack.ts"

const executable = join(import.meta.dirname, "../../../bin/reprise.js")
const run = promisify(execFile)

/** Moves, asks, titles and reorders. */
const hostile = "\u001b[2Jx\u001b]0;evil\u0007\u009b6n\u202egnp.exe\u2066\u2028second line\u200b"

const toldOn = new WeakMap<Ground["daemon"], Promise<SessionView>>()

/** A session in which every word that an agent or a client may choose is hostile. */
const told = ({ daemon }: Ground): Promise<SessionView> => {
  const known = toldOn.get(daemon)
  if (known !== undefined) return known
  const made = (async () => {
    // It goes with the daemon's home.
    const cwd = join(daemon.home, hostile.replaceAll("/", ""))
    mkdirSync(cwd)
    const say = `printf '%s' "$0"; printf '\\033]2;%s\\007' "$0"; printf '\\033]7501;state=blocked:kind=input:msg=%s:nonce=%s\\007' "$(printf %s "$0" | base64 -w0)" "$REPRISE_NONCE"; exec cat`
    const answer = await daemon.ask("POST", "/v1/sessions", { command: ["bash", "-c", say, hostile], cwd, labels: { why: "x" } })
    const session = answer.body as SessionView
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    await daemon.ask("PATCH", `/v1/sessions/${session.id}`, { name: hostile, labels: { why: hostile } })
    await until(
      "the agent asks",
      async () => (await daemon.session(session.id)).activity !== null || (await daemon.output(session.id)) !== ""
    )
    return session
  })()
  toldOn.set(daemon, made)
  return made
}

/** What stands in a line of a result: text, and colours. With `--json` not even what is only unseen. */
const lines = /^(?:[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\u2028\u2029]|\x1b\[[\d;]*m|\t)*$/u
const json = /^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\u2028\u2029]*$/u

const commands: ReadonlyArray<(id: string) => ReadonlyArray<string>> = [
  () => ["ls", "--all"],
  (id) => ["show", id],
  (id) => ["events", id],
  (id) => ["explain", id],
  (id) => ["state", id],
  (id) => ["prompts", id],
  (id) => ["screen", id],
  (id) => ["tools", id],
  (id) => ["output", "--cast", id]
]

const printing = (number: number, words: (id: string) => ReadonlyArray<string>, isJson: boolean): Attack => {
  const name = `reprise ${words("ID").join(" ")}${isJson ? " --json" : ""}`
  return {
    id: `terminal-${number}`,
    attacker: "agent",
    does: `puts sequences, line breaks and reordering characters into its words, and a person runs \`${name}\``,
    promise: "prints text and colours of its own",
    run: async (ground) => {
      const session = await told(ground)
      const all = [executable, ...words(session.id), ...(isJson ? ["--json"] : ["--color", "always"])]
      const env = { ...process.env, REPRISE_HOME: ground.daemon.home, NO_COLOR: undefined }
      const { stderr, stdout } = await run(process.execPath, all, { env: env as NodeJS.ProcessEnv, timeout: 60_000 })
      const printed = stdout + stderr
      if (!(isJson ? json : lines).test(printed)) throw new Error(`printed ${JSON.stringify(printed.slice(0, 2_000))}`)
      return `${printed.length} characters, none of them a control`
    }
  }
}

export const wordsAttacks: ReadonlyArray<Attack> = commands.flatMap((words, place) => [
  printing(201 + 2 * place, words, false),
  ...(place < 7 ? [printing(202 + 2 * place, words, true)] : [])
])
