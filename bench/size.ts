/** How much a benchmark takes: `small` shows that it works, within seconds; its figures are not worth quoting. */
export interface Size {
  readonly small: boolean
}
