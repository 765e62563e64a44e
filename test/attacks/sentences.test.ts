import { testAttacks } from "./attack.ts"
import { sentences } from "./sentences.ts"

testAttacks("sentences", sentences)
