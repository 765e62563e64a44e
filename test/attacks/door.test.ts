import { testAttacks } from "./attack.ts"
import { door } from "./door.ts"

testAttacks("door", door)
