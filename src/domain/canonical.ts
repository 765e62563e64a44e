/** One text for one value, in whatever order its keys were written: what hashes and comparisons are made over. */

/** As `JSON.stringify` writes it, but for the order of keys; `null` for what JSON has no word for. */
export const canonicalJson = (value: unknown): string => written(value) ?? "null"

const written = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  return writtenFields(value as Readonly<Record<string, unknown>>, keysOf(value), written)
}

/** An object's text with the given fields in the given order; those without a text are left out. */
export const writtenFields = (
  value: Readonly<Record<string, unknown>>,
  keys: ReadonlyArray<string>,
  write: (value: unknown) => string | undefined
): string => {
  let text = ""
  for (const key of keys) {
    const field = write(value[key])
    if (field !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${field}`
  }
  return `{${text}}`
}

/** By code units; but numbers first, by size, as JavaScript orders the keys of every object: the first hashes were made so. */
const keysOf = (value: object): ReadonlyArray<string> => {
  const keys = Object.keys(value).sort()
  const maybeNumbers = keys.some((key) => key.charCodeAt(0) <= nine && key.charCodeAt(0) >= zero)
  return maybeNumbers ? Object.keys(Object.fromEntries(keys.map((key) => [key, null]))) : keys
}

const zero = 0x30
const nine = 0x39
