import { testAttacks } from "./attack.ts"
import { conversations } from "./conversations.ts"

testAttacks("conversations", conversations)
