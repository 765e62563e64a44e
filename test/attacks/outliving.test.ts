import { testAttacks } from "./attack.ts"
import { outliving } from "./outliving.ts"

testAttacks("outliving", outliving)
