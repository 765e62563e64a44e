/**
 * Builds what cannot run as source: holder and hook as one file each (they outlive checkouts), and the JavaScript that a package carries,
 * with every module it uses: a package has no dependencies.
 */
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type Metafile, type Plugin } from "esbuild"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const packageDirectory = (name: string) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
/** The platforms that a package serves. */
export const platforms = ["linux-x64", "linux-arm64"] as const
const here = `${process.platform}-${process.arch}`
const common = { absWorkingDir: root, bundle: true, platform: "node", target: "node24", logLevel: "warning" } as const

/** Holder and native module, beside each other; whole files at once, since tests and daemons may be reading them. */
export const buildHolder = async (directory = join(root, "dist")) => {
  await placed(join(directory, "holder.cjs"), (outfile) =>
    build({ ...common, entryPoints: ["src/infra/holder/program.ts"], outfile, format: "cjs", minify: true })
  )
  await copyNative("pty.node", here, directory)
}

/** The native parts, each under `prebuilds/PLATFORM`. */
const natives = {
  "pty.node": (platform: string) => join(packageDirectory("node-pty"), "prebuilds", platform, "pty.node"),
  "sqlite.node": (platform: string) => join(packageDirectory("better-sqlite3"), "prebuilds", `${platform}.node`)
}

export const copyNative = async (name: keyof typeof natives, platform: string, directory = join(root, "dist")) => {
  const target = join(directory, "prebuilds", platform, name)
  mkdirSync(dirname(target), { recursive: true })
  await placed(target, (outfile) => copyFileSync(natives[name](platform), outfile))
}

/** What agents call: one small file that needs nothing beside it. */
export const buildHook = (directory = join(root, "dist")) => {
  mkdirSync(directory, { recursive: true })
  return placed(join(directory, "hook.cjs"), (outfile) =>
    build({ ...common, entryPoints: ["src/infra/hook/program.ts"], outfile, format: "cjs", minify: true })
  )
}

/** better-sqlite3 looks for its native part beside its own files, which a bundle has not. */
const bundledSqlite: Plugin = {
  name: "bundled-sqlite",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: "better-sqlite3", namespace: "bundled-sqlite" }))
    onLoad({ filter: /.*/, namespace: "bundled-sqlite" }, () => ({
      resolveDir: join(packageDirectory("better-sqlite3"), "lib"),
      contents: `
        const native = () => require(["./prebuilds", process.platform + "-" + process.arch, "sqlite.node"].join("/"))
        module.exports = require("./database.js")(native, false)
        module.exports.SqliteError = require("./sqlite-error.js")`
    }))
  }
}

/**
 * Everything in few files: loading hundreds of small modules is most of what a short command costs. In pieces, so that a command loads
 * nothing of the daemon. A thread begins with a file of its own.
 */
const buildProgram = async (directory = join(root, "dist")): Promise<Metafile> => {
  for (const name of readdirSync(directory).filter((name) => name.endsWith(".js"))) rmSync(join(directory, name))
  const { metafile } = await build({
    ...common,
    entryPoints: ["src/main.ts", "src/infra/screens/screen-thread.ts", "src/infra/evidence/history-thread.ts"],
    entryNames: "[name]",
    outdir: directory,
    format: "esm",
    splitting: true,
    metafile: true,
    plugins: [bundledSqlite],
    // Packages written for `require` find one.
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' }
  })
  await copyNative("sqlite.node", here, directory)
  return metafile
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

/** Returns which modules are in the build. */
export const buildAll = async (directory = join(root, "dist")) => {
  await buildHolder(directory)
  await buildHook(directory)
  return buildProgram(directory)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll()
