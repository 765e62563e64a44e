/** One measured figure beside its peer of the same run: the ratio is what is held, absolute values depend on the machine. */
export interface Figure {
  readonly name: string
  readonly ours: number
  readonly peer: number | null
  readonly peerName: string | null
  readonly unit: string
  /** How much of the peer we reach: 1 is as good, more is better, whichever direction the unit counts in. */
  readonly ratio: number | null
  /** What `ratio`, or `ours` where there is no peer, has to reach. */
  readonly target: number | null
  readonly met: boolean | null
}
