/** Which rules were looked at, how often, and what broke one: a rule that was never looked at has proven nothing. */
export class Ledger {
  readonly counts = new Map<string, number>()
  /** What went wrong in the world, and how often. */
  readonly faults = new Map<string, number>()
  readonly violations: Array<string> = []

  /** `claim` is what would be wrong. */
  check(rule: string, holds: boolean, claim: () => string): void {
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + 1)
    if (!holds && this.violations.length < 20) this.violations.push(`${rule}: ${claim()}`)
  }
  inject(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
  }
  /** Sums up. */
  add({ counts, faults }: Pick<Ledger, "counts" | "faults">): void {
    for (const [rule, count] of counts) this.counts.set(rule, (this.counts.get(rule) ?? 0) + count)
    for (const [fault, count] of faults) this.faults.set(fault, (this.faults.get(fault) ?? 0) + count)
  }
}
