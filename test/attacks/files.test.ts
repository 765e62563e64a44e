import { testAttacks } from "./attack.ts"
import { files } from "./files.ts"

testAttacks("files", files)
