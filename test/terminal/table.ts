/** What came of the tests of others: each with the reason where it does not hold. */

export type Outcome = "passed" | "failed" | "not applicable"

export interface Result {
  readonly name: string
  readonly outcome: Outcome
  readonly why?: string
}

export const countsOf = (results: ReadonlyArray<Result>): string => {
  const count = (outcome: Outcome) => results.filter((each) => each.outcome === outcome).length
  return `${count("passed")} passed, ${count("failed")} failed, ${count("not applicable")} not applicable`
}
