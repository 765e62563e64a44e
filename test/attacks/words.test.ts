import { testAttacks } from "./attack.ts"
import { words } from "./words.ts"

testAttacks("words", words)
