import { testAttacks } from "./attack.ts"
import { deserted } from "./deserted.ts"

testAttacks("deserted", deserted)
