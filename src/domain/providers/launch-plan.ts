/** What a launch of an agent consists of, beside the session's own wishes: its words, its environment, and the private files for its hooks. */
import type { Environment } from "../environment.ts"
import { hookFiles } from "./hook-files/index.ts"
import { parentMarkers } from "./parent-markers.ts"
import { type Provider, placesIn } from "./provider.ts"
import { quoted } from "./shell.ts"

/** `fresh` and `fork` of a conversation that we name need its `id`; `resume` always does; `fork` needs its `parent`. */
export interface Conversation {
  readonly kind: "fresh" | "resume" | "fork"
  readonly id: string | null
  readonly parent: string | null
}

export interface LaunchWishes {
  /** argv as far as it names the program: `["claude"]`, `["npx", "claude"]`. */
  readonly command: readonly [string, ...ReadonlyArray<string>]
  /** The user's own words, which come last. */
  readonly args: ReadonlyArray<string>
  readonly conversation: Conversation
  /** The private directory of the session, absolute, and short where it can be: agents bind sockets below it. */
  readonly directory: string
  /** argv of the program that hooks call: it takes the event's name as last word, and the payload on its standard input. */
  readonly hook: readonly [string, ...ReadonlyArray<string>]
}

export interface LaunchPlan {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly env: Environment
  /** Names, or prefixes that end in `*`, which the child must not inherit. */
  readonly scrub: ReadonlyArray<string>
  /** To be written into the private directory, before the launch. */
  readonly files: ReadonlyArray<{ readonly name: string; readonly text: string }>
  /** Absolute paths of what must be there before the launch; the private directory itself is not among them. */
  readonly directories: ReadonlyArray<string>
}

export const launchPlan = (provider: Provider, wishes: LaunchWishes): LaunchPlan => {
  const { args, command, conversation, directory, hook } = wishes
  const fill = filler({ directory, hook: quoted(hook), conversation: conversation.id, parent: conversation.parent })
  const { launch } = provider
  return {
    command: [...command, ...launch.args.map(fill), ...conversationWords(provider, conversation.kind).map(fill), ...args],
    env: Object.fromEntries(Object.entries(launch.env).map(([name, word]) => [name, fill(word)])),
    scrub: [...parentMarkers, ...launch.scrub],
    files: provider.evidence.hooks === null ? [] : hookFiles(provider.evidence.hooks, { directory, hook }),
    directories: launch.directories.map(fill)
  }
}

const conversationWords = ({ conversation, id }: Provider, kind: Conversation["kind"]): ReadonlyArray<string> => {
  if (conversation === null) {
    if (kind === "fresh") return []
    throw new Error(`${id} has no conversation to ${kind}`)
  }
  const words = conversation[kind]
  if (words === null) throw new Error(`${id} cannot ${kind} a conversation`)
  return words
}

/** A place without its value is a launch that no client asked for. */
const filler = (values: Readonly<Record<string, string | null>>) => (word: string) =>
  placesIn(word).length === 0
    ? word
    : word.replaceAll(/\{([a-z]+)\}/g, (_, place: string) => {
        const value = values[place] ?? null
        if (value === null) throw new Error(`nothing to fill {${place}} in with`)
        return value
      })
