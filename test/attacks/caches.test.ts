import { testAttacks } from "./attack.ts"
import { caches } from "./caches.ts"

testAttacks("caches", caches)
