import { testAttacks } from "./attack.ts"
import { logFiles } from "./log-files.ts"

testAttacks("log files", logFiles)
