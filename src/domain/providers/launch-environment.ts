/** What a provider adds to the environment of its agents, and what it keeps from them. */
import type { Environment } from "../environment.ts"
import { parentMarkers, withoutNames } from "./parent-markers.ts"
import type { Provider } from "./provider.ts"

/** The provider's own values, then what was asked for; without the marks by which an agent would take itself for another's child. */
export const launchEnvironment = ({ launch }: Provider, asked: Environment, directory: string): Environment => ({
  ...Object.fromEntries(Object.entries(launch.env).map(([name, word]) => [name, word.replaceAll("{directory}", directory)])),
  ...withoutNames(asked, [...parentMarkers, ...launch.scrub])
})
