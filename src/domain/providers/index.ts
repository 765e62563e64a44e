/** Every agent this version knows by name. */
import { command } from "./command.ts"
import type { Provider } from "./provider.ts"

export const providers: ReadonlyMap<string, Provider> = new Map([[command.id, command]])

/** A recorded session whose provider this version no longer knows is still a command in a terminal. */
export const providerOf = (id: string): Provider => providers.get(id) ?? command
