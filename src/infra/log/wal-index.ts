/**
 * Keeps the index of the write-ahead log (`-shm`) at its size. SQLite maps it, and a mapped page beyond the end of its file ends the process
 * by SIGBUS (mmap(2)), which no handler in Node can catch. A file that was cut is lengthened before SQLite looks: its zeros are no index,
 * so SQLite makes a new one from the write-ahead log. What remains is a cut between this look and SQLite's.
 */
import { type BigIntStats, closeSync, constants, ftruncateSync, lstatSync } from "node:fs"
import { openRegular } from "../regular-file.ts"

export class WalIndex {
  readonly #path: string
  #known: BigIntStats | null = null

  constructor(logPath: string) {
    this.#path = `${logPath}-shm`
  }

  /** One call of lstat(2) where nothing was cut. A file of another inode is not the one that is mapped. */
  keep(): void {
    const found = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (found === undefined) return
    const known = this.#known
    if (known === null || known.ino !== found.ino || known.dev !== found.dev || found.size >= known.size) {
      this.#known = found
      return
    }
    const { fd } = openRegular(this.#path, constants.O_RDWR, { ours: true })
    try {
      ftruncateSync(fd, Number(known.size))
    } finally {
      closeSync(fd)
    }
  }

  /** Another connection made it, or made it again. */
  forget(): void {
    this.#known = null
  }
}
