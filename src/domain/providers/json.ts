/** Places of JSON that no schema checked: what is absent, or of another kind than asked for, is null. */
import { limits } from "../limits.ts"

type Path = ReadonlyArray<string>

export const at = (value: unknown, ...path: Path): unknown =>
  path.reduce((inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value)

export const textAt = (value: unknown, ...path: Path): string | null => {
  const found = at(value, ...path)
  return typeof found === "string" ? found : null
}

/** Tokens, milliseconds: a whole number from 0; 0 where there is none. */
export const countAt = (value: unknown, ...path: Path): number => {
  const found = at(value, ...path)
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : 0
}

export const listAt = (value: unknown, ...path: Path): ReadonlyArray<unknown> => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Epoch milliseconds of an ISO 8601 time. */
export const timeAt = (value: unknown, ...path: Path): number | null => {
  const time = Date.parse(textAt(value, ...path) ?? "")
  return Number.isNaN(time) ? null : time
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Undefined where the text is no JSON. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** As it is shown to people: nothing in it may move a cursor, and no character is cut in half. */
export const shown = (text: string, chars: number = limits.questionChars): string =>
  text
    .slice(0, chars * 2)
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, chars)
    .replace(/[\uD800-\uDBFF]$/, "")
