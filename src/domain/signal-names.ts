/** Signals by the names that people look for, as Linux numbers them: one name a number, the same in both directions. */

/** signal(7), from 1 on. SIGABRT, SIGCHLD, SIGIO and SIGSYS have second names, which only a log from before may hold. */
const names = (
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM " +
  "PROF WINCH IO PWR SYS"
)
  .split(" ")
  .map((name) => `SIG${name}`)
const secondNames: Readonly<Record<string, string>> = { SIGIOT: "SIGABRT", SIGCLD: "SIGCHLD", SIGPOLL: "SIGIO", SIGUNUSED: "SIGSYS" }

/** As glibc numbers real-time signals: it keeps 32 and 33 for itself. From the middle on their names count from the last. */
const realTime = { first: 34, middle: 50, last: 64 } as const

/** Real-time signals have the names that `kill -l` of bash gives them. */
export const signalName = (number: number): string => {
  const { first, last, middle } = realTime
  const name = names[number - 1]
  if (name !== undefined) return name
  if (number < first || number > last) return `SIG${number}`
  if (number === first || number === last) return number === first ? "SIGRTMIN" : "SIGRTMAX"
  return number < middle ? `SIGRTMIN+${number - first}` : `SIGRTMAX-${last - number}`
}

/** 0 where no signal has this name. */
export const signalNumber = (name: string): number => {
  const looked = secondNames[name] ?? name
  return Array.from({ length: realTime.last }, (_, index) => index + 1).find((number) => signalName(number) === looked) ?? 0
}
