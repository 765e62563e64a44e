/** What a child inherits: an allow-list of the daemon's own environment, and what was asked for; nothing else. */

export type Environment = Readonly<Record<string, string>>

/**
 * Names that every terminal program needs and none of which is a secret; prefixes end with `*`. Nothing that belongs to the login which
 * started the daemon: its SSH agent, display and seat are gone when that login is.
 */
const inherited = [
  "HOME",
  "LANG",
  "LANGUAGE",
  "LC_*",
  "LOGNAME",
  "PATH",
  "SHELL",
  "TMPDIR",
  "TZ",
  "USER",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_DIRS",
  "XDG_CONFIG_HOME",
  "XDG_DATA_DIRS",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  "XDG_STATE_HOME"
] as const

/** `asked` wins. TERM is set, because the terminal is ours: what the daemon was started in says nothing about it. */
export const childEnvironment = (own: Readonly<Record<string, string | undefined>>, asked: Environment): Environment => ({
  ...Object.fromEntries(Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined && isInherited(entry[0]))),
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  ...asked
})

const isInherited = (name: string) =>
  inherited.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern))
