/** Says that something at a path may have changed, never what: by inotify where it works, and by the clock in any case. */
import { type FSWatcher, watch } from "node:fs"
import { basename, dirname } from "node:path"
import { Clock, Effect } from "effect"
import { limits } from "../../domain/limits.ts"
import { statOrNull } from "../regular-file.ts"

/** `path`: a file, or a directory with what is in it. What does not exist yet is awaited at its nearest directory that does. */
export class FileWatch implements Disposable {
  readonly #path: string
  #watcher: FSWatcher | null = null
  #target: Target | null = null
  #rung = false
  #wake: (() => void) | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** To be called before each look: whatever happens from then on ends the next wait. */
  arm(): void {
    this.#rung = false
    // Once more after a new watch: what came between the look and the watch would be missed.
    for (let target = nearest(this.#path); !same(target, this.#target); target = nearest(this.#path)) this.#watch(target)
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
    this.#watcher = null
    this.#target = null
  }

  /** Resolves at a change since `arm`, or when it is time to look without one. */
  readonly changed: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const pollMs = this.#watcher === null ? limits.blindPollMs : limits.filePollMs
    const now = yield* Clock.currentTimeMillis
    // At the same moments for every watcher: a hundred idle files wake the process as often as one.
    yield* Effect.timeoutOption(this.#ring, pollMs - (now % pollMs))
  })

  readonly #ring = Effect.callback<void>((resume) => {
    if (this.#rung) return resume(Effect.void)
    this.#wake = () => resume(Effect.void)
    return Effect.sync(() => {
      this.#wake = null
    })
  })

  #watch(target: Target): void {
    this[Symbol.dispose]()
    this.#target = target
    try {
      this.#watcher = watch(target.path, { persistent: false }, (_, name) => {
        if (target.awaited !== null && name !== null && name !== target.awaited) return
        this.#rung = true
        this.#wake?.()
      })
      // The clock goes on without it.
      this.#watcher.on("error", () => {
        this.#watcher?.close()
        this.#watcher = null
      })
    } catch {
      // ENOSPC, EMFILE: no watches are left. ENOENT: it is gone again, and `arm` looks once more.
      this.#watcher = null
    }
  }
}

interface Target {
  readonly path: string
  readonly inode: number
  readonly device: number
  /** The name whose appearance is waited for; null when the path itself is there. */
  readonly awaited: string | null
}

const nearest = (path: string): Target => {
  let awaited: string | null = null
  for (let candidate = path; ; candidate = dirname(candidate)) {
    const found = statOrNull(candidate)
    if (found !== null) return { path: candidate, inode: found.ino, device: found.dev, awaited }
    // Nothing above it either: a relative path in a directory that is gone.
    if (candidate === dirname(candidate)) return { path: candidate, inode: 0, device: 0, awaited }
    awaited = basename(candidate)
  }
}

const same = (one: Target, other: Target | null) =>
  other !== null && one.path === other.path && one.inode === other.inode && one.device === other.device
