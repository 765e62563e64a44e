/** Splits `run`'s own flags from the command it runs: what stands after the first plain word is the command's, whatever it looks like. */

/** Flags of the program whose value may be the next word. A hook loads no parser to ask; a test compares them with the parser's. */
export const valuedOfProgram: ReadonlySet<string> = new Set(["--home", "--color", "--log-level", "--completions"])

/**
 * `reprise run -d bash -c ls` as `reprise run -d -- bash -c ls`. Without it `-c` would be taken for a flag of ours, and the word
 * `true` in `run -d true` for the value of `-d`. `valuedOfRun`: the flags of `run` that take a value.
 */
export const separateCommand = (words: ReadonlyArray<string>, valuedOfRun: ReadonlySet<string>): ReadonlyArray<string> => {
  const command = plainWord(words, 0)
  if (command === undefined || words[command] !== "run") return words
  const first = plainWord(words, command + 1, valuedOfRun)
  return first === undefined ? words : [...words.slice(0, first), "--", ...words.slice(first)]
}

/** `trace backtest FILE --keepalive.maxAttempts 5` as `trace backtest FILE --policy keepalive.maxAttempts=5`: policies are too many to be flags. */
export const namePolicies = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const command = plainWord(words, 0)
  const verb = command === undefined || words[command] !== "trace" ? undefined : plainWord(words, command + 1)
  if (verb === undefined || words[verb] !== "backtest") return words
  const named: Array<string> = words.slice(0, verb + 1)
  for (let index = verb + 1; index < words.length; index++) {
    const [, name, value] = /^--([A-Za-z][\w.]*)(?:=(.*))?$/s.exec(words[index]!) ?? []
    if (name === undefined || notPolicies.has(name)) named.push(words[index]!)
    else named.push("--policy", `${name}=${value ?? words[++index] ?? ""}`)
  }
  return named
}

const notPolicies: ReadonlySet<string> = new Set(["policy", "home", "json", "color", "help", "version"])

/** The command that is asked for; undefined when there is none. */
export const commandName = (words: ReadonlyArray<string>): string | undefined => words[plainWord(words, 0) ?? words.length]

/** What stands behind `hook` where it is called as hooks call it; undefined for any other command line, also one that asks for help. */
export const hookWords = (words: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const command = plainWord(words, 0)
  if (command === undefined || words[command] !== "hook") return undefined
  const own = words.slice(command + 1)
  const [event] = own[0] === "--json" ? own.slice(1) : own
  return event === undefined || event.startsWith("-") ? undefined : own
}

/** The index of the first word from `from` that is neither a flag nor a flag's value; none after `--`. */
const plainWord = (words: ReadonlyArray<string>, from: number, valued: ReadonlySet<string> = new Set()): number | undefined => {
  const takesNext = (flag: string) => valuedOfProgram.has(flag) || valued.has(flag)
  for (let index = from; index < words.length; index++) {
    const word = words[index]!
    if (word === "--") return undefined
    if (!word.startsWith("-") || word === "-") return index
    // Of short flags in one word, as in `-dn name`, the last may take the next.
    if (takesNext(/^-[A-Za-z]+$/.test(word) ? `-${word.at(-1)}` : word)) index++
  }
  return undefined
}
