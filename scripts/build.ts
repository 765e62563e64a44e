/** Builds what cannot run as source: holder and hook as one file each (they outlive checkouts), and the JavaScript that a package carries. */
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
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

/** What agents call: one small file that needs nothing beside it. */
export const buildHook = (directory = join(root, "dist")) => {
  mkdirSync(directory, { recursive: true })
  return placed(join(directory, "hook.cjs"), (outfile) =>
    build({ ...common, entryPoints: ["src/infra/hook/program.ts"], outfile, format: "cjs", minify: true })
  )
}

/** The thread of the screens, beside the daemon's own files: a thread begins with a file. */
const buildScreens = async (directory = join(root, "dist")) => {
  await placed(join(directory, "screen-thread.js"), (outfile) =>
    build({
      ...common,
      entryPoints: ["src/infra/screens/screen-thread.ts"],
      outfile,
      format: "esm",
      external: ["@xterm/headless", "@xterm/addon-unicode-graphemes"]
    })
  )
}

/** The thread that reads one conversation, beside the daemon's own files. */
const buildHistories = async (directory = join(root, "dist")) => {
  await placed(join(directory, "history-thread.js"), (outfile) =>
    build({ ...common, entryPoints: ["src/infra/evidence/history-thread.ts"], outfile, format: "esm" })
  )
}

/**
 * Everything in few files but what has native parts or is large and rarely needed: loading hundreds of small modules is most of
 * what a short command costs. In pieces, so that a command loads nothing of the daemon.
 */
const buildProgram = async (directory = join(root, "dist")) => {
  for (const name of readdirSync(directory).filter((name) => name.endsWith(".js"))) rmSync(join(directory, name))
  await build({
    ...common,
    entryPoints: ["src/main.ts"],
    outdir: directory,
    format: "esm",
    splitting: true,
    external: ["better-sqlite3", "node-pty", "undici", "@xterm/headless"],
    // Packages written for `require` find one.
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' }
  })
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
  await buildHook()
  await buildProgram()
  await buildScreens()
  await buildHistories()
}
