/** A stage with one ready daemon, and what its clients see of it. */
import { assert } from "@effect/vitest"
import { Cause } from "effect"
import type { Answer } from "../../src/actors/sessions.ts"
import type { FactType } from "../../src/domain/facts.ts"
import type { Command } from "../../src/domain/inputs.ts"
import type { CreateRequest } from "../../src/domain/spec.ts"
import type { SessionView } from "../../src/domain/view.ts"
import type { Asked, Daemon, DaemonOptions } from "../support/world-daemon.ts"
import { ada, create } from "../support/world-requests.ts"
import { Stage } from "../support/world-stage.ts"

export const staged = async (options: DaemonOptions = {}, seed = 1) => {
  const stage = new Stage(seed)
  const daemon = await stage.start(options)
  return { stage, daemon }
}

/** The answer; fails the test when there is none. */
export const answerOf = async <A, E>(stage: Stage, asked: Asked<A, E>, withinMs = 30_000): Promise<A> => {
  await stage.until("an answer", () => asked.state !== "pending", withinMs)
  if (asked.exit?._tag !== "Success") assert.fail(`${asked.state}: ${asked.exit === null ? "" : String(Cause.squash(asked.exit.cause))}`)
  return asked.exit.value
}

/** Why it was refused; fails the test when it was not. */
export const errorOf = async <A, E>(stage: Stage, asked: Asked<A, E>, withinMs = 30_000): Promise<E> => {
  await stage.until("an answer", () => asked.state !== "pending", withinMs)
  assert(asked.exit?._tag === "Failure", `expected a failure: ${JSON.stringify(asked)}`)
  return Cause.squash(asked.exit.cause) as E
}

export const created = async (stage: Stage, daemon: Daemon, more: Partial<CreateRequest> = {}): Promise<string> =>
  (await answerOf(stage, daemon.ask(daemon.sessions.create(create(more), ada)))).view.id

export const sent = (stage: Stage, daemon: Daemon, id: string, command: Command, asking = ada): Promise<Answer> =>
  answerOf(stage, daemon.ask(daemon.sessions.send(id, command, asking)))

export const seen = (stage: Stage, daemon: Daemon, id: string): Promise<SessionView> => answerOf(stage, daemon.ask(daemon.sessions.get(id)))

/** Created, and up. */
export const running = async (stage: Stage, daemon: Daemon, more: Partial<CreateRequest> = {}): Promise<string> => {
  const id = await created(stage, daemon, more)
  await stage.until("it is streaming", () => lastOf(stage, id, "AgentReady"))
  return id
}

export const typesOf = (stage: Stage, id: string): ReadonlyArray<FactType> => {
  stage.truth.look()
  return stage.truth.facts(id).map(({ fact }) => fact.type)
}
export const countOf = (stage: Stage, id: string, type: FactType) => typesOf(stage, id).filter((other) => other === type).length
/** Whether the log has it. */
export const lastOf = (stage: Stage, id: string, type: FactType) => countOf(stage, id, type) > 0
