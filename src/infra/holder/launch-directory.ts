/** The directory of one launch: what lies in it under which name, and which process may write it. Creating it is the right to launch. */
import { join } from "node:path"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { limits } from "../../domain/limits.ts"
import type { Rung, Size } from "../../domain/spec.ts"
import { writeOnce } from "../durable-file.ts"
import { readJson } from "../regular-file.ts"

/** Written by the daemon before the holder starts, removed by the holder: `env` holds secrets. */
export interface HolderSpec {
  readonly session: string
  readonly generation: number
  readonly nonce: string
  readonly executable: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  /** The child's whole environment, the three names of the launch included. */
  readonly env: Readonly<Record<string, string>>
  readonly size: Size
  readonly ladder: ReadonlyArray<Rung>
  readonly outputDirectory: string
  readonly outputRetentionBytes: number
  readonly build: string
  /** How many files the agent may have open, where that is not the holder's own limit. */
  readonly descriptors?: number
  readonly crashAt?: string
}

/** The process that has the launch. `abandoned`: a daemon gave the directory up, and a holder that comes late must not go on. */
export interface Owner {
  readonly nonce: string
  readonly process: ProcessIdentity
  readonly role: "holder" | "abandoned"
}

export interface LaunchIdentity {
  readonly nonce: string
  readonly generation: number
  readonly process: ProcessIdentity
  readonly holder: ProcessIdentity
  readonly protocol: { readonly min: number; readonly max: number }
  readonly build: string
}

export const fileNames = {
  spec: "spec.json",
  owner: "owner",
  identity: "identity.json",
  journal: "journal.ndjson",
  /** Given up when the disk is full, so that an exit can still be written down. */
  reserve: "journal.reserve",
  epoch: "epoch",
  socket: "sock",
  log: "log"
} as const

/** Whether a session may have that id: no path, and not the directory itself. */
export const isDirectoryName = (session: string): boolean => /^[A-Za-z0-9_-]+$/.test(session)

/** Throws where the id is no name of a directory: a damaged log may name any path, and directories are removed by it. */
export const sessionDirectory = (home: string, session: string) => {
  if (!isDirectoryName(session)) throw new Error(`${JSON.stringify(session)} is no id of a session`)
  return join(home, "sessions", session)
}
export const launchDirectory = (home: string, session: string, generation: number) =>
  join(sessionDirectory(home, session), `g${generation}`)
export const outputDirectory = (home: string, session: string) => join(sessionDirectory(home, session), "output")

/** Exactly one caller wins; the file has its whole content from the first moment on. */
export const claim = (directory: string, owner: Owner): boolean => writeOnce(join(directory, fileNames.owner), JSON.stringify(owner))

/*
 * An agent can write to its launch directory. Each file of it is opened safely, has a limit, and is looked through before it is used:
 * null stands for a file that is missing, and for one that is not what its writer writes. By hand: a holder loads no schema.
 */

export const readOwner = (directory: string): Owner | null =>
  readJson(join(directory, fileNames.owner), limits.launchFileBytes, (value) =>
    isRecord(value) && isText(value.nonce) && isIdentity(value.process) && (value.role === "holder" || value.role === "abandoned")
      ? (value as unknown as Owner)
      : null
  )

export const readIdentity = (directory: string): LaunchIdentity | null =>
  readJson(join(directory, fileNames.identity), limits.launchFileBytes, (value) =>
    isRecord(value) && isText(value.nonce) && isCount(value.generation) && isIdentity(value.process) && isIdentity(value.holder)
      ? (value as unknown as LaunchIdentity)
      : null
  )

export const readSpec = (directory: string): HolderSpec | null =>
  readJson(join(directory, fileNames.spec), limits.launchSpecBytes, (value) => (isSpec(value) ? value : null))

/** 0 where none attached, or where the file holds no number that a home can have come to. */
export const readEpoch = (directory: string): number =>
  readJson(join(directory, fileNames.epoch), limits.launchFileBytes, (value) =>
    isCount(value) && value <= limits.epochOnDisk ? value : null
  ) ?? 0

const isSpec = (value: unknown): value is HolderSpec =>
  isRecord(value) &&
  [value.session, value.nonce, value.executable, value.cwd, value.outputDirectory, value.build].every(isText) &&
  [value.generation, value.outputRetentionBytes, value.descriptors ?? 0].every(isCount) &&
  Array.isArray(value.args) &&
  value.args.every(isText) &&
  isRecord(value.env) &&
  Object.values(value.env).every(isText) &&
  isRecord(value.size) &&
  isSide(value.size.cols) &&
  isSide(value.size.rows) &&
  Array.isArray(value.ladder) &&
  value.ladder.length <= limits.ladderRungs &&
  value.ladder.every(isRung)

/** A kill needs no more; a wait that is no number would never end. */
const isRung = (value: unknown): boolean => {
  if (!isRecord(value)) return false
  if (value.step === "kill") return true
  if (!isCount(value.waitMs) || value.waitMs > limits.rungWaitMs.maximum) return false
  return value.step === "goodbye"
    ? isText(value.text)
    : value.step === "hangup" && Array.isArray(value.signals) && value.signals.every(isText)
}

const isIdentity = (value: unknown): value is ProcessIdentity =>
  isRecord(value) && isText(value.bootId) && isCount(value.pid) && value.pid > 1 && isCount(value.startTime)

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === "string"
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isSide = (value: unknown) => isCount(value) && value >= 1 && value <= 1_000

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? "unknown"
