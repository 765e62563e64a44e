import { testAttacks } from "./attack.ts"
import { control } from "./control.ts"

testAttacks("control", control)
