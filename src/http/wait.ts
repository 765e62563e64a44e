/** What a client can wait for: conditions on a session's view, each met at the first view in which it holds. */
import { Result, Schema } from "effect"
import { Activity } from "../domain/activity.ts"
import { type SessionView, State } from "../domain/view.ts"

/** `since`: the session when the wait began. */
export type Condition = (view: SessionView, since: SessionView) => boolean

const isState = Schema.is(State)
const isActivity = Schema.is(Activity)

const conditionOf = (name: string): Condition | undefined => {
  if (name === "ended") return (view) => view.state === "ended" || view.state === "terminated"
  if (name === "ready") return (view) => view.state === "streaming" && (view.phase === "running" || view.phase === "suspended")
  if (name === "exit") return (view, since) => view.process === null || view.generation !== since.generation
  if (isState(name)) return (view) => view.state === name
  if (isActivity(name)) return (view) => view.state === "streaming" && view.activity === name
  return undefined
}

/** `idle,ended`: the names of what is waited for, or the first of them that means nothing. */
export const parseConditions = (text: string): Result.Result<ReadonlyMap<string, Condition>, string> => {
  const conditions = new Map<string, Condition>()
  for (const name of text.split(",").map((word) => word.trim())) {
    const condition = conditionOf(name)
    if (condition === undefined) return Result.fail(name)
    conditions.set(name, condition)
  }
  return Result.succeed(conditions)
}

/** The name of the first condition that holds. */
export const met = (conditions: ReadonlyMap<string, Condition>, view: SessionView, since: SessionView): string | null => {
  for (const [name, holds] of conditions) if (holds(view, since)) return name
  return null
}

/** `30s`, `1500ms`, `5m`, `30`: milliseconds. The contract has checked the shape. */
export const durationMs = (text: string): number => {
  const [, figure = "0", unit = "s"] = /^(\d+)(ms|s|m)?$/.exec(text) ?? []
  return Number(figure) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"]
}
