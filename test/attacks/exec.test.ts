import { testAttacks } from "./attack.ts"
import { exec } from "./exec.ts"

testAttacks("exec", exec)
