import { testAttacks } from "./attack.ts"
import { terminal } from "./terminal.ts"

testAttacks("terminal", terminal)
