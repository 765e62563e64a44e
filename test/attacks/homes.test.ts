import { testAttacks } from "./attack.ts"
import { homes } from "./homes.ts"

testAttacks("homes", homes)
