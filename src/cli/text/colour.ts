/** Colours when a person can see them: `--color`, then NO_COLOR (no-color.org) and FORCE_COLOR, then whether it is a terminal. */

export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly blue: (text: string) => string
  readonly cyan: (text: string) => string
}

export type ColorChoice = "auto" | "always" | "never"

export const wantsColour = (
  choice: ColorChoice,
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean
): boolean => {
  if (choice !== "auto") return choice === "always"
  if ((environment.NO_COLOR ?? "") !== "") return false
  if ((environment.FORCE_COLOR ?? "") !== "") return environment.FORCE_COLOR !== "0"
  return isTerminal && environment.TERM !== "dumb"
}

export const paint = (coloured: boolean): Paint => {
  const by = (code: number) => (coloured ? (text: string) => (text === "" ? "" : `\x1b[${code}m${text}\x1b[0m`) : (text: string) => text)
  return { bold: by(1), dim: by(2), red: by(31), green: by(32), yellow: by(33), blue: by(34), cyan: by(36) }
}
