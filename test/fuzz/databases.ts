/** Fuzzes the log's files: a database and its write-ahead log with bytes changed, cut and put in, as a failing disk leaves them. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openDatabase } from "../../src/infra/log/database.ts"
import { migrate } from "../../src/infra/log/migrations.ts"
import { openErrorOf } from "../../src/infra/log/open-errors.ts"
import { compiler } from "../../src/infra/log/tables.ts"
import { damageOf, readWriteAhead } from "../../src/infra/log/write-ahead.ts"
import { Chance } from "../support/world-chance.ts"
import { corpusOf } from "./corpus.ts"
import { mutated } from "./http-grammar.ts"
import { type Finding, hasMore, type Outcome, shown, type Target } from "./target.ts"

export const databases: Target = {
  name: "databases",
  promise: "opens a log, or refuses it by name: it neither dies nor takes away a commit without a word",
  run: async (seed, budget): Promise<Outcome> => {
    const chance = new Chance(seed)
    const corpus = corpusOf("databases")
    const directory = mkdtempSync(join(tmpdir(), "reprise-fuzz-databases-"))
    const findings: Array<Finding> = []
    const known = new Set<string>()
    let [inputs, longestMs] = [0, 0]
    try {
      const sound = soundLog(directory)
      while (hasMore(budget, inputs)) {
        inputs += 1
        const path = join(directory, `${inputs}.db`)
        const isTail = chance.happens(0.5)
        const log = isTail ? sound.log : changed(chance, sound.log)
        const wal = isTail ? (corpus.length > 0 && chance.happens(0.1) ? chance.pick(corpus) : changed(chance, sound.wal)) : sound.wal
        writeFileSync(path, log)
        writeFileSync(`${path}-wal`, wal)
        const startedAt = performance.now()
        const behaviour = open(path, sound.rows, (what) => findings.push({ what, input: shown(isTail ? wal : log) }))
        longestMs = Math.max(longestMs, performance.now() - startedAt)
        for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true })
        if (known.has(behaviour)) continue
        known.add(behaviour)
        if (isTail) budget.keep(wal)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    return { inputs, findings, figures: { "longest ms": Math.round(longestMs), behaviours: known.size } }
  }
}

const commits = 8

/** A log whose commits lie in its write-ahead log, as a daemon that was killed leaves it. */
const soundLog = (directory: string) => {
  const path = join(directory, "sound.db")
  const database = openDatabase(path)
  migrate(database, 0)
  for (let index = 0; index < commits; index++)
    database.immediate(() => void database.query(compiler.insertInto("meta").values({ name: `commit-${index}`, value: index })))
  for (const end of ["", "-wal"]) copyFileSync(`${path}${end}`, join(directory, `copy${end}`))
  database.close()
  return { log: readFileSync(join(directory, "copy")), wal: readFileSync(join(directory, "copy-wal")), rows: commits }
}

/** A few bytes at a few places, a cut, or whatever else the grammar does. */
const changed = (chance: Chance, bytes: Buffer): Buffer => {
  if (chance.happens(0.1)) return mutated(chance, bytes)
  if (chance.happens(0.2)) return bytes.subarray(0, chance.between(0, bytes.length))
  const copy = Buffer.from(bytes)
  for (let times = chance.between(1, 4); times > 0 && copy.length > 0; times--) {
    const at = chance.happens(0.3) ? chance.between(0, Math.min(64, copy.length - 1)) : chance.between(0, copy.length - 1)
    copy[at] = chance.between(0, 255)
  }
  return copy
}

const open = (path: string, rows: number, found: (what: string) => void): string => {
  const behind = readWriteAhead(path)?.behind ?? 0
  const isDamaged = damageOf(path) !== null
  try {
    const database = openDatabase(path)
    try {
      const kept = database.query(compiler.selectFrom("meta").select("name")).filter(({ name }) => name.startsWith("commit-")).length
      if (isDamaged) found("a damaged write-ahead log was taken")
      // A cut at the end of the file is what a crash leaves; commits behind a damaged frame are not.
      if (kept < rows && behind > 1) found(`${rows - kept} commits are gone without a word`)
      return `${kept} kept`
    } finally {
      database.close()
    }
  } catch (cause) {
    const error = openErrorOf(path, cause)
    if (cause instanceof TypeError || cause instanceof RangeError) found(`threw ${String(cause)}`)
    return `${error._tag} ${"code" in error ? error.code : ""}`
  }
}
