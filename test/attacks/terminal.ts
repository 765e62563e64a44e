/** Attacks by what an agent prints: on the daemon that draws it, and on the terminals of persons that show it. */
import type { Attack } from "./attack.ts"
import { floodAttacks } from "./terminal/floods.ts"
import { questionsAttacks } from "./terminal/questions.ts"
import { wordsAttacks } from "./terminal/words.ts"

export const terminal: ReadonlyArray<Attack> = [...questionsAttacks, ...floodAttacks, ...wordsAttacks]
