import { testAttacks } from "./attack.ts"
import { short } from "./short.ts"

testAttacks("short", short)
