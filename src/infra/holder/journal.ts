/** The numbered list of what happened to one launch: durable before any daemon is sent it, sent in order, never renumbered. */
import { constants, fsync, ftruncateSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { HolderEvent, JournalEntry } from "../../domain/inputs.ts"
import { writeNew } from "../durable-file.ts"
import { openRegular } from "../regular-file.ts"
import { fileNames } from "./launch-directory.ts"

export class Journal {
  readonly #directory: string
  readonly #fd: number
  readonly #offset: () => number
  /** Called once per entry, in order, when the disk has it. */
  onDurable: (entry: JournalEntry) => void = () => {}
  #bytes = 0
  #next = 1
  #unwritten: Array<Pending> = []
  #unsynced: Array<Pending> = []
  #syncing = false
  #durable: Array<JournalEntry> = []

  constructor(directory: string, offset: () => number) {
    this.#directory = directory
    this.#offset = offset
    this.#fd = openRegular(join(directory, fileNames.journal), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL).fd
    try {
      writeNew(join(directory, fileNames.reserve), Buffer.alloc(reserveBytes))
    } catch {
      // The disk is full already: then there is no reserve.
    }
  }

  /** The entries the disk has. */
  get entries(): ReadonlyArray<JournalEntry> {
    return this.#durable
  }

  /** Written at once, so that it outlives this process; resolves when it outlives the machine. */
  append(event: HolderEvent): Promise<void> {
    const entry: JournalEntry = { n: this.#next, wallMs: Date.now(), offset: this.#offset(), event }
    this.#next += 1
    return new Promise((settled) => {
      this.#unwritten.push({ entry, settled })
      this.#write()
    })
  }

  #write(): void {
    while (this.#unwritten.length > 0) {
      const line = Buffer.from(`${JSON.stringify(this.#unwritten[0]!.entry)}\n`)
      if (!this.#writeLine(line)) {
        setTimeout(() => this.#write(), retryMs)
        return
      }
      this.#bytes += line.length
      this.#unsynced.push(this.#unwritten.shift()!)
    }
    this.#sync()
  }

  #writeLine(line: Buffer): boolean {
    for (const lastTry of [false, true]) {
      try {
        for (let done = 0; done < line.length; ) done += writeSync(this.#fd, line, done, line.length - done, this.#bytes + done)
        return true
      } catch {
        // Half a line would hide what is written after it.
        try {
          ftruncateSync(this.#fd, this.#bytes)
        } catch {}
        if (!lastTry) this.#giveReserveUp()
      }
    }
    return false
  }

  #giveReserveUp(): void {
    try {
      rmSync(join(this.#directory, fileNames.reserve), { force: true })
    } catch {
      // An agent has put a directory there: then there is no reserve.
    }
  }

  /** Off the event loop: a slow disk must not keep the terminal from being read. */
  #sync(): void {
    if (this.#syncing || this.#unsynced.length === 0) return
    this.#syncing = true
    const group = this.#unsynced
    this.#unsynced = []
    fsync(this.#fd, () => {
      // A failed fsync cannot be repeated (the kernel has dropped the pages' error): what was written is as durable as it gets.
      this.#syncing = false
      for (const { entry, settled } of group) {
        this.#durable.push(entry)
        this.onDurable(entry)
        settled()
      }
      this.#sync()
    })
  }
}

interface Pending {
  readonly entry: JournalEntry
  readonly settled: () => void
}

/** Room for several hundred entries. */
const reserveBytes = 65_536
const retryMs = 250
