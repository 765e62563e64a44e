/** A request that no route takes is answered with which of the two it is: no such place, or no such method there. */
import type { Admitted } from "./guard.ts"
import { type Problem, problem } from "./problems.ts"

export const nothingThere = ({ allowed, target }: Admitted): Problem =>
  allowed.length === 0
    ? problem("not_found", `nothing is served at ${target.path}`)
    : problem("method_not_allowed", `${target.path} takes ${allowed.join(", ")}`, { allowed })
