import { testAttacks } from "./attack.ts"
import { suspended } from "./suspended.ts"

testAttacks("suspended", suspended)
