/** Where a daemon touches its world: each crossing can be its last, before it happens or before its answer arrives. */
import { Effect } from "effect"
import type { Process } from "./world-clock.ts"

export class Port {
  readonly process: Process
  /** Dies at this many crossings from now; null: does not. */
  fuse: number | null = null
  onDeath: () => void = () => {}
  injected: (fault: string) => void = () => {}

  constructor(process: Process) {
    this.process = process
  }

  kill(): void {
    if (!this.process.alive) return
    this.process.kill()
    this.onDeath()
  }

  /** Nothing that a killed daemon was about to do happens, and nothing that was done reaches it. */
  cross<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const gate = Effect.suspend(() => {
      if (this.fuse !== null) {
        this.fuse -= 1
        if (this.fuse <= 0 && this.process.alive) {
          this.injected("killed at a crossing")
          this.kill()
        }
      }
      return this.process.alive ? Effect.void : Effect.never
    })
    return gate.pipe(
      Effect.andThen(Effect.exit(effect)),
      Effect.tap(() => gate),
      Effect.flatten
    )
  }
}
