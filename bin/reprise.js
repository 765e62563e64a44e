#!/usr/bin/env node
/*
 * Starts Reprise on Node 24 whatever Node started this file, or says in one line what is missing.
 * It must parse and run on Node 12.20: no newer syntax than that, no dependency.
 */
import { spawn, spawnSync } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync
} from "node:fs"
import { createRequire } from "node:module"
import { constants, userInfo } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const NEEDED = 24
const here = fileURLToPath(import.meta.url)

if (major(process.version) >= NEEDED) runHere()
else runOn(findNode())

/**
 * A package has the build alone. A checkout has both, and its source is the program; but a build that is newer than all of it
 * is the same program in a dozen files instead of nine hundred, and starts in half the time.
 */
function runHere() {
  // Loads nothing: a script that asks for the version asks often.
  if (process.argv.length === 3 && process.argv[2] === "--version") {
    console.log(`reprise v${JSON.parse(readFileSync(join(here, "../../package.json"), "utf8")).version}`)
    return
  }
  const source = join(here, "../../src")
  const build = join(here, "../../dist/main.js")
  const entry = isBuilt(build, source) ? build : join(source, "main.ts")
  keepCompiledCode()
    .then(() => import(pathToFileURL(entry).href))
    .catch((error) => {
      console.error(error)
      process.exit(1)
    })
}

function isBuilt(build, source) {
  if (!existsSync(build)) return false
  return !existsSync(source) || newest(source) < statSync(build).mtimeMs
}

/** Directories count too: theirs is the time of the last file that came or went. */
function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs)
}

/**
 * Compiled code kept between runs makes a command start a quarter sooner. In the user's own cache directory: in a shared one
 * another user could leave code for us to run.
 */
function keepCompiledCode() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return Promise.resolve()
  return import("node:module").then((module) => {
    const cache = ownCache()
    if (cache === null || typeof module.enableCompileCache !== "function") return
    const compiled = join(cache, "compiled")
    if (!existsSync(compiled) || isOurs(compiled)) module.enableCompileCache(compiled)
  })
}

/** Made where it is missing; null where there is none, or where another user could leave code for us to run. */
function ownCache() {
  const cache = cacheDirectory()
  if (cache === null || (existsSync(cache) && !isOurs(cache))) return null
  const own = join(cache, "reprise")
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 })
  } catch (_) {
    return null
  }
  return isOurs(cache) && isOurs(own) ? own : null
}

/** The XDG specification has relative paths ignored, and the empty one: each directory that a command runs in would have its own. */
function cacheDirectory() {
  const named = [process.env.XDG_CACHE_HOME, process.env.HOME].map((path) => (path && path[0] === "/" ? path : null))
  if (named[0] !== null) return named[0]
  try {
    return join(named[1] === null ? userInfo().homedir : named[1], ".cache")
  } catch (_) {
    // Neither HOME nor an entry in passwd.
    return null
  }
}

/** It belongs to this user or to root, and no other user can write to it. A group of the user's own has the number of the user. */
function isOurs(path) {
  try {
    const own = process.getuid()
    // A link of this user leads where this user chose.
    const { gid, mode, uid } = statSync(path)
    return [uid, lstatSync(path).uid].every((id) => id === own || id === 0) && (mode & 0o002) === 0 && ((mode & 0o020) === 0 || gid === own)
  } catch (_) {
    return false
  }
}

/** Each directory from `top` down, and what lies there. */
function isOursBelow(top, names) {
  return names.every((_, index) => isOurs(join.apply(null, [top].concat(names.slice(0, index + 1)))))
}

/** What the user names, else the Node of this platform that was installed along, else the one that a package names and npm fetches. */
function findNode() {
  if (process.env.REPRISE_NODE !== undefined) return process.env.REPRISE_NODE
  const platform = `${process.platform}-${process.arch}`
  for (const name of ["node", `node-${platform}`]) {
    try {
      return createRequire(here).resolve(`${name}/bin/node`)
    } catch (_) {
      // Not for this machine.
    }
  }
  return fetchedNode(platform)
}

/** In the user's own cache directory; fetched once, by the integrity that the package names. Undefined where that cannot be. */
function fetchedNode(platform) {
  const named = join(here, "../../node", platform)
  if (!existsSync(join(named, "lock.json"))) return undefined
  const cache = ownCache()
  if (cache === null) return undefined
  const version = JSON.parse(readFileSync(join(named, "package.json"), "utf8")).version
  const kept = join(cache, `node-${version}`)
  const directory = join("node_modules", `node-${platform}`)
  const node = join(kept, directory, "bin/node")
  const isRunnable = () => isOursBelow(cache, [`node-${version}`, "node_modules", `node-${platform}`, "bin", "node"])
  if (existsSync(node)) return isRunnable() ? node : undefined
  console.error(`reprise needs Node ${NEEDED} or newer, and this is ${process.version}: npm fetches Node ${version} into ${kept}, once`)
  let fresh
  try {
    fresh = mkdtempSync(join(cache, "fetching-"))
  } catch (_) {
    return undefined
  }
  const umask = process.umask(0o022)
  try {
    copyFileSync(join(named, "package.json"), join(fresh, "package.json"))
    copyFileSync(join(named, "lock.json"), join(fresh, "package-lock.json"))
    const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: fresh,
      stdio: ["ignore", "ignore", "inherit"]
    })
    if (npm.status !== 0 || !existsSync(join(fresh, directory, "bin/node"))) return undefined
    for (const unused of ["include", "share"]) rmSync(join(fresh, directory, unused), { recursive: true, force: true })
    // Another start may have been faster: its files are the same.
    if (!existsSync(kept)) renameSync(fresh, kept)
    return isRunnable() ? node : undefined
  } finally {
    process.umask(umask)
    rmSync(fresh, { recursive: true, force: true })
  }
}

function runOn(node) {
  if (!node || process.env.REPRISE_REEXECUTED) {
    fail(`reprise needs Node ${NEEDED} or newer, and this is ${process.version}: install it, or set REPRISE_NODE to its path`)
    return
  }
  const child = spawn(node, [here].concat(process.argv.slice(2)), {
    stdio: "inherit",
    env: Object.assign({}, process.env, { REPRISE_REEXECUTED: process.version })
  })
  // A terminal signals the whole process group; a supervisor signals only us. A second signal does the child no harm.
  const passed = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"]
  const pass = (signal) => child.kill(signal)
  for (const signal of passed) process.on(signal, pass)
  child.on("error", (error) => fail(`reprise needs Node ${NEEDED} or newer, and ${node} does not run: ${error.message}`))
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code)
    // Our parent sees the same end as if there had been one process.
    for (const name of passed) process.removeListener(name, pass)
    process.kill(process.pid, signal)
    // Only a signal that we cannot die of gets here.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 1000)
  })
}

function fail(sentence) {
  console.error(sentence)
  process.exitCode = 1
}

function major(version) {
  return Number(version.slice(1).split(".")[0])
}
