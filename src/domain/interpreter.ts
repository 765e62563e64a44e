/**
 * The machine's step, cheap enough to replay a long log with: it reads the definition that XState runs and does what XState's
 * `transition()` would do, as tests prove. Facts whose transitions say more than it understands are left to XState itself.
 */
import { type AnyStateNode, type AnyTransitionDefinition, initialTransition, transition } from "xstate"
import type { SessionEffect } from "./effects.ts"
import type { Fact, FactOf } from "./facts.ts"
import type { machine as sessionMachine } from "./machine.ts"
import { type Act, actOf } from "./remember.ts"
import type { SessionContext } from "./session-context.ts"

type Machine = typeof sessionMachine
type Snapshot = ReturnType<Machine["resolveState"]>

/** What is kept of a snapshot: everything else in it follows from the definition. */
export interface State {
  readonly value: Snapshot["value"]
  readonly context: SessionContext
}
export type Taken = readonly [state: State, effects: ReadonlyArray<SessionEffect>]

export interface Interpreter {
  readonly enter: (created: FactOf<"SessionCreated">) => Taken
  /** Null when the machine does not take the fact in its present state. */
  readonly take: (state: State, fact: Fact) => Taken | null
  /** Types of facts whose transitions XState takes, at its own pace. */
  readonly leftToXState: ReadonlySet<string>
}

/** Throws where the definition as a whole is of a kind that it does not understand. */
export const interpreterOf = (machine: Machine): Interpreter => {
  const states = every(machine.root)
  for (const state of states) if (!isPlain(state)) throw new Error(`${state.id} says more than can be interpreted`)
  const leftToXState = new Set(
    states.flatMap((state) => [...state.transitions].flatMap(([type, ways]) => (ways.every(isUnderstood) ? [] : [type])))
  )
  const configurationOf = knownConfigurations(machine.root)

  const byXState = (state: State, fact: Fact): Taken | null => {
    const before = machine.resolveState(state)
    const next = transition(machine, before, fact)
    return next[0] === before ? null : taken(next)
  }
  const taken = ([{ context, value }, actions]: ReturnType<typeof transition<Machine>>): Taken => [
    { value: configurationOf(value).value, context },
    actions.flatMap((action) => {
      if (action.type !== "perform") throw new Error(`${action.type}: the machine may own neither timers nor actors`)
      return action.params
    })
  ]

  return {
    enter: (created) => taken(initialTransition(machine, created)),
    take: (state, fact) => {
      if (leftToXState.has(fact.type)) return byXState(state, fact)
      const active = configurationOf(state.value)
      const moves = chosen(active, state.context, fact)
      if (moves.length === 0) return null
      let { context } = state
      const effects: Array<SessionEffect> = []
      for (const act of moves.length === 1 ? moves[0]!.acts : together(moves)) {
        if ("remembered" in act) context = { ...context, ...act.remembered(context, fact) }
        else effects.push(...act.owed(context))
      }
      const { value } = moves.reduce((from, { after, region }) => from.moved(region, after), active)
      return value === state.value && context === state.context ? null : [{ value, context }, effects]
    },
    leftToXState
  }
}

/** States that are active one within the other, the innermost first and a region of the machine last. */
type Chain = ReadonlyArray<AnyStateNode>

/** The states that are active together, a chain for each region. There is one object for each such set. */
interface Configuration {
  readonly value: State["value"]
  readonly chains: ReadonlyArray<Chain>
  /** For each type of fact, what each region may do about it, innermost first. */
  readonly candidates: Map<string, ReadonlyArray<ReadonlyArray<Move>>>
  readonly moved: (region: number, after: Chain) => Configuration
}

/** One transition out of one configuration, worked out once. */
interface Move {
  readonly guard: ((given: { readonly context: SessionContext; readonly event: Fact }) => boolean) | undefined
  readonly region: number
  readonly after: Chain
  readonly left: Chain
  readonly own: ReadonlyArray<Act>
  /** The outermost first. */
  readonly entered: ReadonlyArray<AnyStateNode>
  /** All of it in order: of the states that are left, its own, of those that are entered. */
  readonly acts: ReadonlyArray<Act>
}

/** In each region the innermost state that takes the fact decides for those around it. */
const chosen = (active: Configuration, context: SessionContext, event: Fact): ReadonlyArray<Move> => {
  const moves: Array<Move> = []
  for (const region of candidatesOf(active, event.type)) {
    const move = region.find(({ guard }) => guard === undefined || guard({ context, event }))
    if (move !== undefined) moves.push(move)
  }
  return moves
}

const candidatesOf = (active: Configuration, type: string) => {
  const known = active.candidates.get(type)
  if (known !== undefined) return known
  const found = active.chains.map((chain, region) =>
    chain.flatMap((state) => (state.transitions.get(type) ?? []).map((way) => moveOf(way, chain, region)))
  )
  active.candidates.set(type, found)
  return found
}

const moveOf = (way: AnyTransitionDefinition, chain: Chain, region: number): Move => {
  const guard = way.guard as Move["guard"]
  const own = actsOf(way.actions)
  const target = way.target?.[0]
  if (target === undefined) return { guard, region, after: chain, left: [], own, entered: [], acts: own }
  const domain = domainOf(way.source, target)
  const stays = chain.indexOf(domain)
  const left = chain.slice(0, stays)
  const entered = [...ancestorsBelow(domain, target), ...initialsOf(target)]
  const acts = [...left.flatMap(({ exit }) => actsOf(exit)), ...own, ...entered.flatMap(({ entry }) => actsOf(entry))]
  return { guard, region, after: [...entered.toReversed(), ...chain.slice(stays)], left, own, entered, acts }
}

/** Regions that move at one fact: all that is left is left first, from the end of the definition on; all that is entered comes last. */
const together = (moves: ReadonlyArray<Move>): ReadonlyArray<Act> => [
  ...moves.toReversed().flatMap(({ left }) => left.flatMap(({ exit }) => actsOf(exit))),
  ...moves.flatMap(({ own }) => own),
  ...moves.flatMap(({ entered }) => entered.flatMap(({ entry }) => actsOf(entry)))
]

/** The state that stays active: the source, where the target lies within it; else the nearest that holds both. */
const domainOf = (source: AnyStateNode, target: AnyStateNode): AnyStateNode =>
  target === source || isWithin(target, source) ? source : domainOf(source.parent!, target)

const isWithin = (state: AnyStateNode, ancestor: AnyStateNode): boolean =>
  state.parent !== undefined && (state.parent === ancestor || isWithin(state.parent, ancestor))

/** The outermost first, the state itself last; what stays active is not entered. */
const ancestorsBelow = (domain: AnyStateNode, state: AnyStateNode): ReadonlyArray<AnyStateNode> =>
  state === domain ? [] : [...ancestorsBelow(domain, state.parent!), state]

const initialsOf = (state: AnyStateNode): ReadonlyArray<AnyStateNode> => {
  if (state.type !== "compound") return []
  const [first] = state.initial.target as ReadonlyArray<AnyStateNode>
  return [first!, ...initialsOf(first!)]
}

const statesIn = (state: AnyStateNode) => state.states as Readonly<Record<string, AnyStateNode>>
const every = (state: AnyStateNode): ReadonlyArray<AnyStateNode> => [state, ...Object.values(statesIn(state)).flatMap(every)]
const actsOf = (actions: ReadonlyArray<unknown>): ReadonlyArray<Act> => actions.map((action) => actOf(action)!)

/** Finds the configuration of a value; throws where that names a state which the machine does not have. */
const knownConfigurations = (root: AnyStateNode) => {
  const byName = new Map<string, Configuration>()
  const byValue = new WeakMap<object, Configuration>()

  const configurationIn = (chains: ReadonlyArray<Chain>): Configuration => {
    const name = chains.map(([innermost]) => innermost!.id).join(" ")
    const known = byName.get(name)
    if (known !== undefined) return known
    const value = Object.fromEntries(chains.map((chain) => [chain.at(-1)!.key, valueOf(chain.slice(0, -1))])) as unknown as State["value"]
    const made: Configuration = {
      value,
      chains,
      candidates: new Map(),
      moved: (region, after) => (chains[region] === after ? made : configurationIn(chains.with(region, after)))
    }
    byName.set(name, made)
    byValue.set(value, made)
    return made
  }

  return (value: State["value"]): Configuration => {
    const known = byValue.get(value)
    if (known !== undefined) return known
    const regions = value as Readonly<Record<string, unknown>>
    const found = configurationIn(Object.values(statesIn(root)).map((region) => chainOf(region, regions[region.key])))
    byValue.set(value, found)
    return found
  }
}

const valueOf = (chain: Chain): unknown => (chain.length === 1 ? chain[0]!.key : { [chain.at(-1)!.key]: valueOf(chain.slice(0, -1)) })

const chainOf = (state: AnyStateNode, value: unknown): Chain => {
  if (state.type === "atomic") return [state]
  const [key, inner] = typeof value === "string" ? [value, undefined] : Object.entries((value ?? {}) as object)[0]!
  const child = statesIn(state)[key]
  if (child === undefined) throw new Error(`${state.id} has no state ${key}`)
  return [...chainOf(child, inner), state]
}

/** A fact moves states within one region, by guards that ask for nothing but the memory, in the two words of `remember.ts`. */
const isUnderstood = ({ actions, guard, reenter, source, target }: AnyTransitionDefinition): boolean =>
  source.parent !== undefined &&
  (guard === undefined || (typeof guard === "function" && !("check" in guard))) &&
  actions.every((action: unknown) => actOf(action) !== undefined) &&
  !reenter &&
  (target === undefined || (target.length === 1 && domainOf(source, target[0]!).parent !== undefined))

/** Regions side by side, in each of them states within states, and nothing that moves by itself. */
const isPlain = (state: AnyStateNode): boolean =>
  state.type === (state.parent === undefined ? "parallel" : Object.keys(state.states).length === 0 ? "atomic" : "compound") &&
  (state.always ?? []).length + state.invoke.length + state.after.length === 0 &&
  (state.type !== "compound" || state.initial.actions.length === 0) &&
  ![...state.transitions.keys()].some((type) => type.includes("*")) &&
  [...state.entry, ...state.exit].every((action) => actOf(action) !== undefined)
