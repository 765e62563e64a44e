/** Why a conversation's file cannot be read, in words: the codes that files are refused with. */
import { limits } from "./limits.ts"

const sentences: ReadonlyMap<string, string> = new Map([
  ["NOT_REGULAR", "is not a regular file"],
  ["EISDIR", "is a directory"],
  ["ENXIO", "is not a regular file"],
  ["ELOOP", "is a link that leads nowhere, or leads through one"],
  ["EACCES", "may not be opened by this user"],
  ["EPERM", "may not be opened by this user"],
  ["EIO", "cannot be read: its disk fails"],
  ["NOT_OURS", "is not in a place where this kind of agent keeps conversations"],
  ["TOO_LARGE", `is larger than the ${limits.transcriptBytes / 2 ** 20} MiB that are read`],
  ["TOO_MANY_LINES", "has more lines than are read"],
  ["LINE_TOO_LONG", `has a line of more than the ${limits.transcriptLineBytes / 2 ** 20} MiB that are read`],
  ["NOT_JSON", "holds no line of JSON: it is no conversation, or it is damaged"],
  ["CHANGED", "became shorter while it was read; try again"],
  ["TOO_SLOW", `could not be read within ${limits.historyMs / 1_000} s`]
])

/** The end of a sentence that begins with the file. */
export const whyUnreadable = (code: string): string => sentences.get(code) ?? `cannot be read (${code})`
