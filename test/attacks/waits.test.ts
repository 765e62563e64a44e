import { testAttacks } from "./attack.ts"
import { waits } from "./waits.ts"

testAttacks("waits", waits)
