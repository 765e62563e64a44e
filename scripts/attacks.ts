/**
 * Runs the attacks on a real daemon and prints what came of each: `npm run attacks -- [--write] [area or id …]`.
 * `--write` puts the table into docs/security.md. Exits 1 where an attack succeeded.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Attack, alone, openGround, runAttack } from "../test/attacks/attack.ts"
import { allAttacks } from "../test/attacks/index.ts"

const page = join(import.meta.dirname, "../docs/security.md")
const begin = "<!-- attacks: written by npm run attacks -- --write -->"
const end = "<!-- end of attacks -->"

const wanted = process.argv.slice(2).filter((word) => word !== "--write")
const attacks = allAttacks.filter(({ id }) => wanted.length === 0 || wanted.some((word) => id === word || id.startsWith(`${word}-`)))

type Outcome = { readonly attack: Attack; readonly outcome: string; readonly holds: boolean | null }

const outcomeOf = async (attack: Attack, ground: Awaited<ReturnType<typeof openGround>>): Promise<Outcome> => {
  if (attack.needsRoot === true && process.getuid?.() !== 0) return { attack, outcome: "not run: needs root", holds: null }
  try {
    return { attack, outcome: await runAttack(attack, attack.isAlone === true ? alone : ground), holds: true }
  } catch (cause) {
    return { attack, outcome: `OPEN: ${cause instanceof Error ? cause.message : cause}`, holds: false }
  }
}

const outcomes: Array<Outcome> = []
let ground = await openGround({ measuredMs: 10_000 })
for (const attack of attacks) {
  const result = await outcomeOf(attack, ground)
  outcomes.push(result)
  console.log(
    `${result.holds === false ? "OPEN " : result.holds === null ? "-    " : "holds"}  ${attack.id}  ${attack.does}: ${result.outcome}`
  )
  if (result.holds === false) {
    await Promise.resolve(ground[Symbol.asyncDispose]()).catch(() => {})
    ground = await openGround({ measuredMs: 10_000 })
  }
}
await ground[Symbol.asyncDispose]()

const open = outcomes.filter(({ holds }) => holds === false).length
console.log(`${outcomes.length} attacks, ${open} open`)

if (process.argv.includes("--write")) {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")
  const rows = outcomes.map(
    ({ attack, outcome }) => `| ${attack.id} | ${attack.attacker} | ${cell(attack.does)} | ${cell(attack.promise)} | ${cell(outcome)} |`
  )
  const table = ["| id | attacker | does | the daemon | outcome |", "| --- | --- | --- | --- | --- |", ...rows].join("\n")
  const text = readFileSync(page, "utf8")
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page} has no place for the table`)
  writeFileSync(page, `${before}${begin}\n\n${table}\n\n${end}${after}`)
}
process.exitCode = open === 0 ? 0 : 1
