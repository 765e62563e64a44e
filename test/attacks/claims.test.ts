import { testAttacks } from "./attack.ts"
import { claims } from "./claims.ts"

testAttacks("claims", claims)
