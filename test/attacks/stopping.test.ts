import { testAttacks } from "./attack.ts"
import { stopping } from "./stopping.ts"

testAttacks("stopping", stopping)
