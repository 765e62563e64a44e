/** Builds what cannot run as source: the holder as one file (it outlives checkouts), and the JavaScript that a package carries. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const common = { absWorkingDir: root, bundle: true, platform: "node", target: "node24", logLevel: "warning" } as const

/** Holder and native module, beside each other; whole files at once, since tests and daemons may be reading them. */
export const buildHolder = async (directory = join(root, "dist")) => {
  const native = join("prebuilds", `${process.platform}-${process.arch}`, "pty.node")
  const nodePty = dirname(createRequire(import.meta.url).resolve("node-pty/package.json"))
  mkdirSync(join(directory, dirname(native)), { recursive: true })
  await placed(join(directory, "holder.cjs"), (outfile) =>
    build({ ...common, entryPoints: ["src/infra/holder/program.ts"], outfile, format: "cjs", minify: true })
  )
  await placed(join(directory, native), (outfile) => copyFileSync(join(nodePty, native), outfile))
}

const buildProgram = async () => {
  if (!existsSync(join(root, "src/main.ts"))) return
  await build({ ...common, entryPoints: ["src/main.ts"], outfile: "dist/main.js", format: "esm", packages: "external" })
}

const placed = async (path: string, write: (temporary: string) => unknown) => {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await write(temporary)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildHolder()
  await buildProgram()
}
