import { testAttacks } from "./attack.ts"
import { surroundings } from "./surroundings.ts"

testAttacks("surroundings", surroundings)
