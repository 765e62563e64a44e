/** Spans of time and numbers of bytes, short enough for a column. */

/** The largest unit that fits, and no more: `now`, `42s`, `5m`, `3h`, `2d`. Never negative: clocks differ. */
export const span = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 1) return "now"
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

export const bytes = (count: number): string => {
  if (count < 1_024) return `${count} B`
  const units = ["KiB", "MiB", "GiB", "TiB"]
  let value = count / 1_024
  let unit = 0
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
