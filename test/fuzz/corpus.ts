/** Inputs that once showed something: small files in the repository, one folder for each target. */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const folderOf = (target: string) => join(import.meta.dirname, "corpus", target)

/** In the order of their names. */
export const corpusOf = (target: string): ReadonlyArray<Buffer> => {
  const folder = folderOf(target)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)))
}

/** Larger inputs repeat what smaller ones show. */
const mostBytes = 4_096
/** A corpus that is read before each run stays small. */
const mostFiles = 200

/** Writes inputs into the repository; the developer decides which of them to commit. */
export const keeperOf = (target: string) => {
  const folder = folderOf(target)
  mkdirSync(folder, { recursive: true })
  return (input: Buffer) => {
    if (input.length > mostBytes || readdirSync(folder).length >= mostFiles) return
    const path = join(folder, `${createHash("sha256").update(input).digest("hex").slice(0, 16)}.bin`)
    if (!existsSync(path)) writeFileSync(path, input)
  }
}
