/** What many measurements of one thing come to. */

export const percentile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)
export const worst = (values: ReadonlyArray<number>): number => Math.max(...values)

/** Halves alternate, so that a slow minute of the machine falls on both. */
export const interleaved = async <A, B>(rounds: number, ours: (round: number) => Promise<A>, peer: (round: number) => Promise<B>) => {
  const taken = { ours: [] as Array<A>, peer: [] as Array<B> }
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) taken.ours.push(await ours(round))
    taken.peer.push(await peer(round))
    if (round % 2 === 1) taken.ours.push(await ours(round))
  }
  return taken
}
