import { testAttacks } from "./attack.ts"
import { disks } from "./disk.ts"

testAttacks("disk", disks)
