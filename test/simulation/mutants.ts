/** Faults planted in our own parts, one at a time: a simulation that does not find them would not find a real one either. */
import type { DaemonOptions } from "../support/world-daemon.ts"
import type { Stage } from "../support/world-stage.ts"
import { decidingMutants } from "./mutants-deciding.ts"
import { hearingMutants } from "./mutants-hearing.ts"
import { loggingMutants } from "./mutants-logging.ts"
import { typingMutants } from "./mutants-typing.ts"

export type Mutant = (stage: Stage) => DaemonOptions
export type Mutants = Readonly<Record<string, Mutant>>

export const mutants: Mutants = { ...loggingMutants, ...decidingMutants, ...hearingMutants, ...typingMutants }

/** No life may pass with it: rules that do not see this one see nothing. */
export const canary: Mutant = () => ({
  bendAppend: (decision, append) =>
    append({
      ...decision,
      facts: decision.facts.map((fact) => ({ ...fact, stateHash: fact.stateHash.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) }))
    })
})
