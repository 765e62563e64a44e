/** Which rules were looked at, how often, and what broke one: a rule that was never looked at has proven nothing. */
export class Ledger {
  readonly counts = new Map<string, number>()
  readonly violations: Array<string> = []

  /** `claim` is what would be wrong. */
  check(rule: string, holds: boolean, claim: () => string): void {
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + 1)
    if (!holds && this.violations.length < 20) this.violations.push(`${rule}: ${claim()}`)
  }
  add(other: Ledger): void {
    for (const [rule, count] of other.counts) this.counts.set(rule, (this.counts.get(rule) ?? 0) + count)
  }
}
