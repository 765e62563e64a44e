/** Looks at paths that a request names, off the event loop and within a limit of time: a mount may never answer. */
import { Effect, Schema } from "effect"
import { limits } from "../domain/limits.ts"

/** The path did not answer; it may be there. `detail`: what to say of it. */
export class PathSilent extends Schema.TaggedError<PathSilent>()("PathSilent", { path: Schema.String, detail: Schema.String }) {}

/** Says which path the look goes on with. */
export type Visit = (path: string) => void

/** What `look` finds out. It begins with `path`, asks for one thing at a time, and never rejects. */
export type LookAt = <A>(path: string, look: (visit: Visit) => Promise<A>) => Effect.Effect<A, PathSilent>

interface Look {
  at: string
  stage: "waiting" | "looking" | "over"
  /** It was given up: what it still finds is for no caller. */
  isLeft: boolean
}

/**
 * A look that does not answer keeps its place until it does: no thread in a system call can be ended. Where all places are kept so,
 * further looks are refused at once.
 */
export const makePathLooks = ({ atOnce, withinMs }: { readonly atOnce: number; readonly withinMs: number }): LookAt => {
  const waiting = new Set<() => void>()
  const silent = new Set<Look>()
  let free = atOnce

  const release = () => {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }
  const crowded = (path: string) => {
    const others = [...silent].map(({ at }) => at).join(" and ") || "other paths"
    return new PathSilent({ path, detail: `${path} was not looked at, since ${others} did not answer` })
  }
  const run = <A>(one: Look, look: (visit: Visit) => Promise<A>) =>
    Effect.callback<A>((resume) => {
      const visit = (path: string) => {
        if (one.isLeft) throw new Error(`${path}: this look was given up`)
        one.at = path
      }
      const start = async () => {
        one.stage = "looking"
        try {
          resume(Effect.succeed(await look(visit)))
        } catch (defect) {
          resume(Effect.die(defect))
        } finally {
          one.stage = "over"
          silent.delete(one)
          release()
        }
      }
      if (free > 0) {
        free -= 1
        void start()
      } else waiting.add(start)
      return Effect.sync(() => {
        one.isLeft = true
        waiting.delete(start)
      })
    })
  const givenUp = (one: Look) => {
    if (one.stage === "waiting") return crowded(one.at)
    if (one.stage === "looking") silent.add(one)
    return new PathSilent({ path: one.at, detail: `${one.at} did not answer within ${withinMs} ms: its mount may be gone` })
  }
  return (path, look) =>
    Effect.suspend(() => {
      if (silent.size >= atOnce) return Effect.fail(crowded(path))
      const one: Look = { at: path, stage: "waiting", isLeft: false }
      return Effect.timeoutOrElse(run(one, look), {
        duration: withinMs,
        orElse: () => Effect.suspend(() => Effect.fail(givenUp(one)))
      })
    })
}

/** One for the process, as its threads are. */
export const lookAt: LookAt = makePathLooks({ atOnce: limits.pathLooksAtOnce, withinMs: limits.pathLookMs })
