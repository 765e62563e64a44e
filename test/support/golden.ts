/** A file that holds what was decided once: it is compared with, and written again only when that is asked for by name. */
import { readFileSync, writeFileSync } from "node:fs"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** `file` is the golden's URL. */
export const golden = (file: URL, text: string): void => {
  if (process.env.WRITE_GOLDENS === "1") writeFileSync(file, text)
  const name = relative(root, fileURLToPath(file))
  assert.strictEqual(
    text,
    readFileSync(file, "utf8"),
    `${name} no longer says what happens. If the change is meant: WRITE_GOLDENS=1 npm test -- test/domain, and read the difference`
  )
}
