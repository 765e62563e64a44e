/** One text for one value, in whatever order its keys were written: what hashes and comparisons are made over. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, inKeyOrder) ?? "null"

const inKeyOrder = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    : value
