/**
 * Makes the package: `npm run package -- [DIRECTORY]` writes `reprise-<version>.tgz` there (default: here). It holds the build with every
 * module and native part it uses, has no dependencies, and so is what was tested; its licences are in THIRD-PARTY.md.
 */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { buildAll, copyNative, platforms } from "./build.ts"

const root = join(import.meta.dirname, "..")
/** Licences that allow a bundle under MIT, with their texts beside it. */
const allowed = /^(?:MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|Unlicense|BlueOak-1\.0\.0)$/
/** Their native parts are copied. */
const withNatives = ["better-sqlite3", "node-pty"]

type Manifest = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string; readonly license?: string }
const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"))

/** The packages whose files are in a bundle, by their directories. */
const bundled = (files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const directories = files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  return [...new Set([...directories, ...withNatives.map((name) => `node_modules/${name}`)])].toSorted()
}

const licenceOf = (directory: string): string => {
  const { license, name, version } = readJson(join(root, directory, "package.json")) as Manifest
  if (license === undefined || !allowed.test(license)) throw new Error(`${name} ${version} is under ${license}: it cannot be bundled`)
  const file = readdirSync(join(root, directory)).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry))
  const text = file === undefined ? "" : `\n\`\`\`\n${readFileSync(join(root, directory, file), "utf8").trim()}\n\`\`\`\n`
  return `## ${name} ${version}: ${license}\n${text}`
}

/** What npm fetches where the machine's Node is too old: pinned by the integrity that the lock of this project has. */
const nodeRuntime = (platform: (typeof platforms)[number]) => {
  const { packages } = readJson(join(root, "package-lock.json")) as { readonly packages: Readonly<Record<string, Manifest>> }
  const { integrity, version } = packages[platform === "linux-x64" ? "node_modules/node" : `node_modules/node-${platform}`]!
  const manifest = { name: "reprise-node", version, private: true, dependencies: { [`node-${platform}`]: version } }
  const installed = { [`node_modules/node-${platform}`]: { version, integrity } }
  return { manifest, lock: { ...manifest, lockfileVersion: 3, requires: true, packages: { "": manifest, ...installed } } }
}

const written = (path: string, value: unknown) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)

/** The directory that is packed. */
const stage = async (directory: string) => {
  const { inputs } = await buildAll(join(directory, "dist"))
  for (const platform of platforms) {
    await copyNative("pty.node", platform, join(directory, "dist"))
    await copyNative("sqlite.node", platform, join(directory, "dist"))
    const { lock, manifest } = nodeRuntime(platform)
    mkdirSync(join(directory, "node", platform), { recursive: true })
    written(join(directory, "node", platform, "package.json"), manifest)
    // npm leaves a file called package-lock.json out of a package.
    written(join(directory, "node", platform, "lock.json"), lock)
  }
  const { bin, description, license, name, version } = readJson(join(root, "package.json")) as Manifest
  for (const entry of ["bin", "docs", "packaging", "README.md", "LICENSE"])
    cpSync(join(root, entry), join(directory, entry), { recursive: true })
  written(join(directory, "package.json"), { name, version, description, license, type: "module", bin, os: ["linux"] })
  const licences = bundled(Object.keys(inputs)).map(licenceOf)
  writeFileSync(join(directory, "THIRD-PARTY.md"), `# What this package holds of others\n\n${licences.join("\n")}`)
}

const target = resolve(process.argv[2] ?? ".")
if (!existsSync(target)) throw new Error(`there is no directory ${target}`)
const directory = mkdtempSync(join(tmpdir(), "reprise-package-"))
try {
  await stage(directory)
  const { status } = spawnSync("npm", ["pack", "--ignore-scripts", "--pack-destination", target], { cwd: directory, stdio: "inherit" })
  process.exitCode = status ?? 1
} finally {
  rmSync(directory, { recursive: true, force: true })
}
