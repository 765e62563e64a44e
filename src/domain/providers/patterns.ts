/** Regular expressions of providers, in time linear in what they read: RE2's syntax, which has neither look-around nor back-references. */
import { RE2JS, RE2JSException } from "re2js"

export interface Match {
  /** Where the whole match begins. */
  readonly from: number
  /** The group of the name `text`, the whole match where there is none. */
  readonly text: string
  /** Where that text ends. */
  readonly end: number
}

export interface Expression {
  readonly first: (text: string) => Match | null
  /** The match on the line farthest down on which one begins. */
  readonly lowest: (text: string) => Match | null
  /** The first group of each match, from there on, at most so many. */
  readonly all: (text: string, from: number, most: number) => ReadonlyArray<string>
}

/** `^` and `$` are those of a line, `.` is no line break, `\z` is the end. */
export const expression = (source: string): Expression => {
  const compiled = RE2JS.compile(source, RE2JS.MULTILINE)
  const group = compiled.namedGroups()[textGroup] ?? 0
  const finder = (text: string) => {
    const matcher = compiled.matcher(text)
    return (from: number): Match | null => {
      if (!matcher.find(from)) return null
      return { from: matcher.start(), text: matcher.group(group) ?? "", end: Math.max(0, matcher.end(group)) }
    }
  }
  return {
    first: (text) => finder(text)(0),
    lowest: (text) => {
      const matchFrom = finder(text)
      let found = matchFrom(0)
      if (found === null) return null
      const lines = linesFrom(text)
      // Each search halves the lines: as many searches as their number has bits, each of them linear.
      for (let low = 0, high = lines.length; high - low > 1; ) {
        const middle = (low + high) >> 1
        const match = matchFrom(lines[middle]!)
        if (match === null) high = middle
        else {
          found = match
          low = middle
        }
      }
      return found
    },
    all: (text, from, most) => {
      const matcher = compiled.matcher(text.slice(from))
      const found: Array<string> = []
      while (found.length < most && matcher.find()) found.push(matcher.group(Math.min(1, matcher.groupCount())) ?? "")
      return found
    }
  }
}

/** Why it is none; null where it is one. */
export const faultOf = (source: string): string | null => {
  try {
    RE2JS.compile(source, RE2JS.MULTILINE)
    return null
  } catch (cause) {
    if (cause instanceof RE2JSException) return cause.message
    throw cause
  }
}

/** Where each line begins. */
const linesFrom = (text: string): ReadonlyArray<number> => [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]

const textGroup = "text"
