/** Where two values part, place by place, in words that a person can compare. */
import { canonicalJson } from "../canonical.ts"

/** `null` on one side: there is nothing at that place. */
export interface Difference {
  /** Such as `context.deadlines.stop.bootMs`. */
  readonly path: string
  readonly recorded: string | null
  readonly present: string | null
}

/** Whether both are written as the same JSON, whatever the order of their keys. */
export const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  for (const key of keys) if (!same(a[key], b[key])) return false
  // What is undefined is not written.
  return Object.keys(b).every((key) => b[key] === undefined || a[key] !== undefined)
}

/** Every place where they differ, as deep as both go on. */
export const differences = (recorded: unknown, present: unknown, path = ""): ReadonlyArray<Difference> => {
  if (isObject(recorded) && isObject(present)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(present)])].sort()
    return keys.flatMap((key) => differences(recorded[key], present[key], path === "" ? key : `${path}.${key}`))
  }
  const [then, now] = [worded(recorded), worded(present)]
  return then === now ? [] : [{ path, recorded: then, present: now }]
}

/** Lists too, by their places. */
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null

const worded = (value: unknown) => (value === undefined ? null : canonicalJson(value))
