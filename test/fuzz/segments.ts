/** Fuzzes the segments of a session's output: torn, forged and out of order, as a crash or an agent leaves them. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import { limits } from "../../src/domain/limits.ts"
import { encodeRecord, type IndexRecord } from "../../src/infra/holder/index-record.ts"
import { segmentName } from "../../src/infra/holder/segments.ts"
import { Spool } from "../../src/infra/holder/spool.ts"
import { SegmentReader } from "../../src/infra/output/segment-reader.ts"
import { Chance } from "../support/world-chance.ts"
import { corpusOf } from "./corpus.ts"
import { mutated } from "./http-grammar.ts"
import { type Finding, hasMore, type Outcome, shown, type Target } from "./target.ts"

export const segments: Target = {
  name: "segments",
  promise: "reads bounded bytes of any segment, and goes on behind it with output that reads back byte for byte",
  run: async (seed, budget): Promise<Outcome> => {
    const chance = new Chance(seed)
    const corpus = corpusOf("segments")
    const directory = mkdtempSync(join(tmpdir(), "reprise-fuzz-segments-"))
    const findings: Array<Finding> = []
    const known = new Set<string>()
    let [inputs, longestMs] = [0, 0]
    try {
      while (hasMore(budget, inputs)) {
        inputs += 1
        const folder = join(directory, String(inputs))
        mkdirSync(folder)
        const index = corpus.length > 0 && chance.happens(0.3) ? mutated(chance, chance.pick(corpus)) : indexOf(chance)
        lay(chance, folder, index)
        const startedAt = performance.now()
        const behaviour = use(chance, folder, (what) => findings.push({ what, input: shown(index) }))
        longestMs = Math.max(longestMs, performance.now() - startedAt)
        rmSync(folder, { recursive: true, force: true })
        if (known.has(behaviour)) continue
        known.add(behaviour)
        budget.keep(index)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    return { inputs, findings, figures: { "longest ms": Math.round(longestMs), behaviours: known.size } }
  }
}

const bytes = Buffer.from("the output of an agent, as it came, in a few pieces\r\n")

const recordOf = (chance: Chance, offset: number): IndexRecord => {
  const wallMs = chance.between(0, 2 ** 40)
  const length = chance.pick([0, 1, 10, bytes.length, 65_536, limits.outputChunkBytes, 2 ** 40])
  switch (chance.pick(["chunk", "chunk", "resize", "gap"] as const)) {
    case "chunk":
      return { kind: "chunk", offset, wallMs, length, crc: chance.happens(0.7) ? crc32(bytes.subarray(0, length)) : 7 }
    case "resize":
      return { kind: "resize", offset, wallMs, cols: chance.between(0, 65_535), rows: chance.between(0, 65_535) }
    case "gap":
      return { kind: "gap", offset, wallMs, length }
  }
}

const indexOf = (chance: Chance): Buffer => {
  let offset = 0
  const records = Array.from({ length: chance.between(0, 5) }, () => {
    const record = recordOf(chance, chance.happens(0.8) ? offset : chance.between(0, 2 ** 45))
    offset += record.kind === "chunk" ? record.length : 0
    return encodeRecord({ ...record, offset: Math.min(record.offset, 2 ** 47) })
  })
  const index = Buffer.concat(records)
  return chance.happens(0.4) ? mutated(chance, index) : index
}

const names = ["0".repeat(16), segmentName(10), segmentName(2 ** 40), segmentName(2 ** 46), "f".repeat(16), `${"0".repeat(15)}g`]

const lay = (chance: Chance, folder: string, index: Buffer): void => {
  for (let segment = chance.between(1, 3); segment > 0; segment--) {
    const name = chance.pick(names)
    if (chance.happens(0.9)) writeFileSync(join(folder, `${name}.out`), chance.happens(0.5) ? bytes : Buffer.concat([bytes, bytes, bytes]))
    if (chance.happens(0.9)) writeFileSync(join(folder, `${name}.idx`), index)
  }
}

const use = (chance: Chance, folder: string, found: (what: string) => void): string => {
  try {
    const before = readAll(folder, chance.between(0, 2 ** 20), found)
    const spool = new Spool({
      directory: folder,
      retentionBytes: limits.outputRetentionBytes,
      size: { cols: 80, rows: 24 },
      onDropped: () => {},
      onKept: () => {}
    })
    const from = spool.kept
    if (!Number.isSafeInteger(from) || from < 0 || from >= limits.outputOffset) found(`the output goes on at ${from}`)
    spool.append(bytes)
    spool.close()
    using reader = new SegmentReader(folder)
    const read = reader.read(from, bytes.length)
    if (read._tag !== "Bytes" || !Buffer.from(read.bytes).equals(bytes)) found(`what was appended at ${from} reads back as ${read._tag}`)
    return `${before} ${Math.ceil(Math.log2(from + 1))} ${readdirSync(folder).length}`
  } catch (cause) {
    found(`threw ${String(cause)}`)
    return "threw"
  }
}

const readAll = (folder: string, at: number, found: (what: string) => void): string => {
  using reader = new SegmentReader(folder)
  const end = reader.end()
  if (!Number.isSafeInteger(end) || end < 0) found(`the output ends at ${end}`)
  return [reader.begin(), at, Math.max(0, end - 100)]
    .map((from) => {
      const read = reader.read(from, 4_096)
      if (read._tag === "Bytes" && read.bytes.length > 4_096) found(`${read.bytes.length} bytes for 4096`)
      return read._tag === "Gap" ? "gap" : Math.sign(read.bytes.length)
    })
    .join(" ")
}
