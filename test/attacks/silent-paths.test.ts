import { testAttacks } from "./attack.ts"
import { silentPaths } from "./silent-paths.ts"

testAttacks("silent-paths", silentPaths)
