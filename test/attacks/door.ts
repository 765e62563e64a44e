/** Attacks on the HTTP listeners: targets, pages, framing, bodies, WebSockets, crowds. */
import type { Attack } from "./attack.ts"
import { bodyAttacks } from "./door/bodies.ts"
import { crowds } from "./door/crowds.ts"
import { framing } from "./door/framing.ts"
import { pages } from "./door/pages.ts"
import { targets } from "./door/targets.ts"
import { websockets } from "./door/websockets.ts"

export const door: ReadonlyArray<Attack> = [...targets, ...pages, ...framing, ...bodyAttacks, ...websockets, ...crowds]
