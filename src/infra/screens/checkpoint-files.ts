/** Screens of a session's past as files, one for each place, named after its offset. Disposable: without them more is drawn again. */
import { renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { limits } from "../../domain/limits.ts"
import { unicodeVersion } from "../../domain/terminal/width-table.ts"
import { temporaryOf, writeNew } from "../durable-file.ts"
import { segmentName } from "../holder/segments.ts"
import { namesIn, ownDirectory, readJson, readSmall } from "../regular-file.ts"
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
    const offset = Number(readSmall(join(this.#directory, lostName), lostBytes) ?? 0)
    return Number.isSafeInteger(offset) && offset > 0 ? offset : 0
  }

  /** A daemon that cannot write this gives the screen up once more. */
  lose(before: number): void {
    this.#place(join(this.#directory, lostName), String(before))
  }

  /** In order; none where there is no such directory yet. */
  offsets(): ReadonlyArray<number> {
    return namesIn(this.#directory, limits.directoryNames)
      .flatMap((name) => (/^[0-9a-f]{16}\.json$/.test(name) ? [Number.parseInt(name.slice(0, 16), 16)] : []))
      .filter((offset) => offset < limits.outputOffset)
      .sort((a, b) => a - b)
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

  /** Whole or not at all; not flushed, for nothing is lost with it. A disk without room for it is no fault. */
  save(checkpoint: Omit<ScreenCheckpoint, "format">): void {
    this.#place(this.#path(checkpoint.offset), JSON.stringify({ format, ...checkpoint } satisfies ScreenCheckpoint))
  }

  /** They go with the output that they belong to. */
  dropBelow(begin: number): void {
    for (const offset of this.offsets()) if (offset < begin) remove(this.#path(offset))
  }

  #read(offset: number): ScreenCheckpoint | null {
    const path = this.#path(offset)
    const found = readJson(path, limits.screenFileBytes, (value) => (isCheckpoint(value) && value.offset === offset ? value : null))
    if (found === null) remove(path)
    return found
  }

  #place(path: string, text: string): void {
    const temporary = temporaryOf(path)
    try {
      ownDirectory(this.#directory)
      writeNew(temporary, text)
      renameSync(temporary, path)
    } catch {
      remove(temporary)
    }
  }

  #path(offset: number): string {
    return join(this.#directory, `${segmentName(offset)}.json`)
  }
}

/** Changes with what is in it, and with the emulator whose inside that is. */
const format = `5, xterm 6.0.0, Unicode ${unicodeVersion}`
const lostName = "lost"
/** A number in decimal digits. */
const lostBytes = 32

/** The head of it: what an emulator cannot be made from is found when it is tried. */
const isCheckpoint = (value: unknown): value is ScreenCheckpoint => {
  const { exact, format: found, screen } = (value ?? {}) as Partial<ScreenCheckpoint>
  return found === format && typeof exact === "boolean" && typeof screen === "object" && screen !== null
}

/** A directory that stands there stays, and is no checkpoint. */
const remove = (path: string) => {
  try {
    rmSync(path, { force: true })
  } catch {}
}
