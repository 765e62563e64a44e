import { testAttacks } from "./attack.ts"
import { world } from "./world.ts"

testAttacks("world", world)
