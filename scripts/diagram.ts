/** Draws the session's machine: what the pictures show is what the code does, or the tests say that they are stale. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { AnyStateNode, AnyTransitionDefinition } from "xstate"
import { machine } from "../src/domain/machine.ts"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Each picture by its file, relative to the root. */
export const pictures = (): ReadonlyMap<string, string> =>
  new Map([
    ["docs/session.mmd", picture(region("life"))],
    ["docs/stopping.mmd", picture(region("stopping"))]
  ])

/** `page` with the pictures between its markers; the rest is as it was. */
export const illustrated = (page: string): string => {
  const [before, , after] = page.split(marker)
  if (before === undefined || after === undefined) throw new Error(`docs/architecture.md needs two lines that say ${marker}`)
  const blocks = [...pictures().values()].map((text) => `\`\`\`mermaid\n${text}\`\`\`\n`)
  return `${before}${marker}\n${blocks.join("\n")}${marker}${after}`
}

const marker = "<!-- diagram -->"

const region = (name: string): AnyStateNode => (machine.root.states as Readonly<Record<string, AnyStateNode>>)[name]!

const picture = (of: AnyStateNode): string => {
  const top = Object.values(of.states)
  const lines = [
    `[*] --> ${of.initial.target[0]!.key}`,
    ...top.flatMap((state) => (isCompound(state) ? composite(state) : [])),
    ...edges(top.flatMap((state) => [state, ...Object.values(state.states)]))
      .filter(({ from, to }) => parentOf(from) === null || parentOf(from) !== parentOf(to))
      .map(arrow),
    ...top.filter((state) => !isCompound(state) && waysOf(state) === "").map(({ key }) => `${key} --> [*]`)
  ]
  return `stateDiagram-v2\n${lines.map((line) => `  ${line}\n`).join("")}`
}

const composite = (state: AnyStateNode): ReadonlyArray<string> => {
  const inner = Object.values(state.states)
  const named = [...Map.groupBy(inner, nameOf)].map(([name, peers]) => `  state "${peers.map(({ key }) => key).join(" · ")}" as ${name}`)
  const inside = edges([state, ...inner]).filter(({ from, to }) => parentOf(from) === state.key && parentOf(to) === state.key)
  return [
    `state ${state.key} {`,
    `  [*] --> ${nameOf(state.initial.target[0]!)}`,
    ...named,
    ...inside.map((edge) => `  ${arrow(edge)}`),
    "}"
  ]
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly facts: ReadonlyArray<string>
}

/** Transitions that lead elsewhere. One of a whole state into a part of itself leads there from each other part. */
const edges = (states: ReadonlyArray<AnyStateNode>): ReadonlyArray<Edge> => {
  const all = states.flatMap((state) =>
    [...state.transitions.values()].flat().flatMap((transition): ReadonlyArray<Edge> => {
      const target = transition.target?.[0]
      if (target === undefined) return []
      const sources = target.parent === state ? Object.values(state.states) : [state]
      return sources.map((source) => ({ from: nameOf(source), to: nameOf(target), facts: [factOf(transition)] }))
    })
  )
  const leading = all.filter(({ from, to }) => from !== to)
  return [...Map.groupBy(leading, ({ from, to }) => `${from} ${to}`).values()].map((same) => ({
    from: same[0]!.from,
    to: same[0]!.to,
    facts: [...new Set(same.flatMap(({ facts }) => facts))]
  }))
}

const arrow = ({ facts, from, to }: Edge) => `${from} --> ${to} : ${facts.join(", ")}`

const isCompound = (state: AnyStateNode) => Object.keys(state.states).length > 0
const isTop = (state: AnyStateNode) => state.parent?.parent === machine.root
const parentOf = (name: string): string | null => /^(.*)__/.exec(name)?.[1] ?? null

/** Parts of a state that go the same ways are one box: what moves among them is not worth twenty arrows. */
const nameOf = (state: AnyStateNode): string => {
  if (isTop(state)) return state.key
  const peers = Object.values(state.parent!.states).filter((other) => waysOf(other) === waysOf(state))
  return `${state.parent!.key}__${waysOf(state) === "" ? state.key : peers.map(({ key }) => key).join("_")}`
}

const waysOf = (state: AnyStateNode): string =>
  [...state.transitions.values()]
    .flat()
    .flatMap(({ eventType, target }) => (target === undefined ? [] : [`${eventType} ${target.map(({ id }) => id).join()}`]))
    .join()

/** Where one fact leads to several states by what it says, the word that decides stands beside it. */
const factOf = ({ eventType, guard }: AnyTransitionDefinition): string => {
  const params = typeof guard === "object" ? (guard as { readonly params?: { readonly step?: string } }).params : undefined
  return params?.step === undefined ? eventType : `${eventType} (${params.step})`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "docs"), { recursive: true })
  for (const [file, text] of pictures()) writeFileSync(join(root, file), text)
  const page = join(root, "docs/architecture.md")
  writeFileSync(page, illustrated(readFileSync(page, "utf8")))
}
