/** So many at once, and so many a second for ever: a token bucket on a clock that its owner reads. */
export interface Budget {
  /** Whether one more fits in now. */
  readonly hasRoom: (nowMs: number) => boolean
  /** Spends, also beyond what is there: the debt is nothing, the budget is empty. */
  readonly spend: (count: number, nowMs: number) => void
  /** Milliseconds until one more fits in. */
  readonly roomInMs: (nowMs: number) => number
}

export const makeBudget = (burst: number, perSecond: number): Budget => {
  let tokens = burst
  let atMs: number | null = null
  const refill = (nowMs: number) => {
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - (atMs ?? nowMs)) * perSecond) / 1_000)
    atMs = nowMs
  }
  const roomInMs = (nowMs: number) => {
    refill(nowMs)
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1_000) / perSecond)
  }
  return {
    roomInMs,
    hasRoom: (nowMs) => roomInMs(nowMs) === 0,
    spend: (count, nowMs) => {
      refill(nowMs)
      tokens = Math.max(0, tokens - count)
    }
  }
}
