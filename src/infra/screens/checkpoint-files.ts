/** Screens of a session's past as files, one for each place, named after its offset. Disposable: without them more is drawn again. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { segmentName } from "../holder/segments.ts"
import type { EmulatorCheckpoint } from "./emulator.ts"

export interface ScreenCheckpoint {
  readonly format: typeof format
  /** The screen after the byte before this one. */
  readonly offset: number
  /** False where something that it was drawn from was dropped before it could be drawn. */
  readonly exact: boolean
  readonly screen: EmulatorCheckpoint
}

export class CheckpointFiles {
  readonly #directory: string

  /** `output`: where the session's output lies. */
  constructor(output: string) {
    this.#directory = join(dirname(output), "screens")
  }

  /** What lies before this offset took too long to draw once, and is not drawn again. */
  lostBefore(): number {
    try {
      const offset = Number(readFileSync(join(this.#directory, lostName), "utf8").slice(0, 20))
      return Number.isSafeInteger(offset) && offset > 0 ? offset : 0
    } catch {
      return 0
    }
  }

  /** A daemon that cannot write this gives the screen up once more. */
  lose(before: number): void {
    const path = join(this.#directory, lostName)
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.new`, String(before), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch {
      rmSync(`${path}.new`, { force: true })
    }
  }

  /** In order; none where there is no such directory yet. */
  offsets(): ReadonlyArray<number> {
    try {
      return readdirSync(this.#directory)
        .flatMap((name) => (/^[0-9a-f]{16}\.json$/.test(name) ? [Number.parseInt(name.slice(0, 16), 16)] : []))
        .sort((a, b) => a - b)
    } catch {
      return []
    }
  }

  /** The newest in this range, both ends included. What cannot be read, or is of another version, is removed. */
  newest(from: number, to: number): ScreenCheckpoint | null {
    for (const offset of this.offsets().toReversed()) {
      if (offset > to || offset < from) continue
      const found = this.#read(offset)
      if (found !== null) return found
    }
    return null
  }

  /** Whole or not at all; not flushed, for nothing is lost with it. A disk without room for it is no concern of anybody's. */
  save(checkpoint: Omit<ScreenCheckpoint, "format">): void {
    const path = this.#path(checkpoint.offset)
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.new`, JSON.stringify({ format, ...checkpoint } satisfies ScreenCheckpoint), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch {
      rmSync(`${path}.new`, { force: true })
    }
  }

  /** They go with the output that they belong to. */
  dropBelow(begin: number): void {
    for (const offset of this.offsets()) if (offset < begin) rmSync(this.#path(offset), { force: true })
  }

  #read(offset: number): ScreenCheckpoint | null {
    const path = this.#path(offset)
    try {
      const found = JSON.parse(readFileSync(path, "utf8")) as ScreenCheckpoint
      if (found.format === format && found.offset === offset) return found
    } catch {}
    rmSync(path, { force: true })
    return null
  }

  #path(offset: number): string {
    return join(this.#directory, `${segmentName(offset)}.json`)
  }
}

/** Changes with what is in it, and with the emulator whose inside that is. */
const format = "2, xterm 6.0.0"
const lostName = "lost"
