/** A screen as evidence reads it: its rows as text, and what stands out on them by its background. */

/** A run of cells on one row whose background is not the terminal's own, or which are drawn in reverse video. */
export interface Highlight {
  /** From 0, as in the rows. */
  readonly row: number
  /** The first cell, from 0. */
  readonly col: number
  /** In cells. */
  readonly width: number
  /** Runs of one background have the same; it has no other meaning. */
  readonly background: string
}

export interface ScreenRows {
  /** Trailing blanks may be there or not. */
  readonly lines: ReadonlyArray<string>
  readonly highlights: ReadonlyArray<Highlight>
}
