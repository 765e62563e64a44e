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
  /** The target in words, where it is not simply the ratio's. */
  readonly demand?: string
  /** What a reader must know to judge it. */
  readonly note?: string
}

export interface Measured {
  readonly name: string
  readonly unit: string
  readonly better: "more" | "less"
  readonly ours: number
  readonly peer?: { readonly name: string; readonly value: number }
  /** `ratio`: at least so much of the peer. `most`: ours at most, in its unit. Absent: shown, not held. */
  readonly hold?: { readonly ratio: number } | { readonly most: number }
  readonly note?: string
}

export const figure = ({ better, hold, name, note, ours, peer, unit }: Measured): Figure => {
  const ratio = peer === undefined ? null : better === "more" ? ours / peer.value : peer.value / ours
  return {
    ...{ name, ours, unit, ratio },
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    ...verdict(ours, ratio, unit, hold),
    ...(note === undefined ? {} : { note })
  }
}

const verdict = (ours: number, ratio: number | null, unit: string, hold: Measured["hold"]) => {
  if (hold === undefined) return { target: null, met: null }
  if ("most" in hold) return { target: hold.most, met: ours <= hold.most, demand: `≤ ${hold.most} ${unit}` }
  return { target: hold.ratio, met: ratio !== null && ratio >= hold.ratio, demand: `≥ ${hold.ratio} ×` }
}
