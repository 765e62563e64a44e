/** Watches the event loop while a scraper asks: the delay of its timers, and the processor time of its longest turn. */
import { monitorEventLoopDelay } from "node:perf_hooks"

export interface LoopFigures {
  /** How late timers are: p99 since the last call. */
  readonly delaySeconds: number
  /** Processor time, not wall time: a turn costs the same on a busy machine. Too large by one interval at most. */
  readonly longestTurnSeconds: number
}

/** Both watches wake the daemon a hundred times a second: they run only while a scraper asks, and a first call says 0. */
export const watchEventLoop = () => {
  const histogram = monitorEventLoopDelay({ resolution: intervalMs })
  const turns = watchTurns()
  let unwatched: NodeJS.Timeout | undefined
  const stop = () => {
    clearTimeout(unwatched)
    histogram.disable()
    turns.stop()
  }
  const figures = (): LoopFigures => {
    clearTimeout(unwatched)
    unwatched = setTimeout(stop, unwatchedMs).unref()
    const delaySeconds = histogram.count === 0 ? 0 : histogram.percentile(99) / 1e9
    histogram.reset()
    histogram.enable()
    return { delaySeconds, longestTurnSeconds: turns.longestSeconds() }
  }
  return { figures, stop }
}

const intervalMs = 10

/** Scrapers come every 15 to 60 seconds as a rule. */
const unwatchedMs = 180_000

/** Timers run once in each turn: what the thread has used between two of them, a turn has used. */
const watchTurns = () => {
  let timer: NodeJS.Timeout | undefined
  let [before, longest] = [0, 0]
  const used = () => {
    const { system, user } = process.threadCpuUsage()
    return system + user
  }
  const look = () => {
    const now = used()
    longest = Math.max(longest, now - before)
    before = now
  }
  const stop = () => {
    clearInterval(timer)
    timer = undefined
  }
  const longestSeconds = () => {
    if (timer === undefined) {
      before = used()
      timer = setInterval(look, intervalMs).unref()
    } else look()
    const seconds = longest / 1e6
    longest = 0
    return seconds
  }
  return { longestSeconds, stop }
}
