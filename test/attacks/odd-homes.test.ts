import { testAttacks } from "./attack.ts"
import { oddHomes } from "./odd-homes.ts"

testAttacks("homes with odd names", oddHomes)
