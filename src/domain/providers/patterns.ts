/** Regular expressions of providers, in time linear in what they read: RE2's syntax, which has neither look-around nor back-references. */
import { RE2JS, RE2JSException } from "re2js"

export interface Match {
  /** The group of the name `text`, the whole match where there is none. */
  readonly text: string
  /** Where that text ends. */
  readonly end: number
}

export interface Expression {
  readonly first: (text: string) => Match | null
  /** The first group of each match, from there on, at most so many. */
  readonly all: (text: string, from: number, most: number) => ReadonlyArray<string>
}

/** `^` and `$` are those of a line, `.` is no line break, `\z` is the end. */
export const expression = (source: string): Expression => {
  const compiled = RE2JS.compile(source, RE2JS.MULTILINE)
  return {
    first: (text) => {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return null
      const group = compiled.namedGroups()[textGroup] ?? 0
      return { text: matcher.group(group) ?? "", end: Math.max(0, matcher.end(group)) }
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

const textGroup = "text"
