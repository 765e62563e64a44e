import { testAttacks } from "./attack.ts"
import { marks } from "./marks.ts"

testAttacks("marks", marks)
