import { testAttacks } from "./attack.ts"
import { listeners } from "./listeners.ts"

testAttacks("listeners", listeners)
