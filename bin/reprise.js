#!/usr/bin/env node
/*
 * Starts Reprise on Node 24 whatever Node started this file, or says in one line what is missing.
 * It must parse and run on Node 12.20: no newer syntax than that, no dependency.
 */
import { spawn } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { constants, homedir } from "node:os"
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
 * somebody else could leave code for us to run.
 */
function keepCompiledCode() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return Promise.resolve()
  return import("node:module").then((module) => {
    const cache = cacheDirectory()
    if (cache !== null && typeof module.enableCompileCache === "function") module.enableCompileCache(join(cache, "reprise", "compiled"))
  })
}

function cacheDirectory() {
  try {
    return process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
  } catch (_) {
    // Neither HOME nor an entry in passwd.
    return null
  }
}

/** The Node of this platform that was installed along, else what the user names. */
function findNode() {
  for (const name of ["node", `node-${process.platform}-${process.arch}`]) {
    try {
      return createRequire(here).resolve(`${name}/bin/node`)
    } catch (_) {
      // Not for this machine.
    }
  }
  return process.env.REPRISE_NODE
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
  // A terminal tells the whole process group; a supervisor tells only us. Hearing it twice does the child no harm.
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
