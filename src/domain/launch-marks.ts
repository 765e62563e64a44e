/** The variables that mark the processes of a launch, and the one that marks a daemon: a daemon belongs to no launch. */

/** What a launch adds to its agent's environment, besides what was asked for. */
const launchMarks = [
  "REPRISE_SESSION",
  "REPRISE_GENERATION",
  "REPRISE_NONCE",
  "REPRISE_HOOK_SOCKET",
  "REPRISE_HOOK_TOKEN",
  "REPRISE_HOOK_SPOOL",
  "REPRISE_HOOK_AT",
  "REPRISE_HOOK_CALL"
] as const

const role = "REPRISE_ROLE"
const daemon = "daemon"

/** The environment of a daemon that a process of a launch may have started. */
export const daemonEnvironment = (own: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> => ({
  ...Object.fromEntries(Object.entries(own).filter(([name]) => !(launchMarks as ReadonlyArray<string>).includes(name))),
  [role]: daemon
})

export const isMarkedDaemon = (own: Readonly<Record<string, string | undefined>>): boolean =>
  own[role] === daemon && own.REPRISE_NONCE === undefined

/** `environ`: as /proc shows it, each variable behind a NUL. */
export const carriesNonce = (environ: string, nonce: string): boolean => environ.includes(`\0REPRISE_NONCE=${nonce}\0`)
export const nonceIn = (environ: string): string | null => valueIn(environ, "REPRISE_NONCE") || null
/** Of a variable in it, whole; null where it has none. */
export const valueIn = (environ: string, name: (typeof launchMarks)[number]): string | null =>
  new RegExp(`\0${name}=([^\0]*)\0`).exec(environ)?.[1] ?? null
export const carriesAnyNonce = (environ: string): boolean => environ.includes("\0REPRISE_NONCE=")
export const carriesDaemonRole = (environ: string): boolean => environ.includes(`\0${role}=${daemon}\0`)
