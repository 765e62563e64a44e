/** What people call keys, in tmux, Emacs, Vim, browsers and by hand: a name becomes one key with its modifiers, or nothing. */

/** Modifiers as xterm and Kitty count them. */
export const shift = 1
export const alt = 2
export const ctrl = 4
export const superKey = 8

export interface Key {
  /** One of `namedKeys`, or one printable ASCII character. */
  readonly key: string
  readonly modifiers: number
}

/** `name`: in any case, with `-` or `+` between modifiers and key, also in angle brackets or with a caret for Control. */
export const parseKey = (name: string): Key | undefined => {
  const [, inner] = /^<(.+)>$/.exec(name) ?? []
  const caret = /^\^([\x20-\x7e])$/.exec(name)?.[1]
  if (caret !== undefined) return keyOf(caret, ctrl)
  let rest = inner ?? name
  let modifiers = 0
  for (;;) {
    const [, word, behind] = /^([a-z]+)[-+](.+)$/is.exec(rest) ?? []
    const modifier = word === undefined ? undefined : modifierNames.get(word.toLowerCase())
    if (modifier === undefined || behind === undefined) return keyOf(rest, modifiers)
    modifiers |= modifier
    rest = behind
  }
}

/** For people that named another. */
export const knownKeys = (): string => `${[...namedKeys].join(", ")}, any character of ASCII; before them ctrl-, alt-, shift-, super-`

const keyOf = (word: string, modifiers: number): Key | undefined => {
  if (/^[\x21-\x7e]$/.test(word)) return { key: word, modifiers }
  if (word === " ") return { key: "space", modifiers }
  const plain = word.toLowerCase().replaceAll(/[-_ ]/g, "")
  if (plain === "backtab" || plain === "btab") return { key: "tab", modifiers: modifiers | shift }
  const key = namedKeys.has(plain) ? plain : synonyms.get(plain)
  return key === undefined ? undefined : { key, modifiers }
}

const modifierNames: ReadonlyMap<string, number> = new Map([
  ...["ctrl", "control", "ctl", "c"].map((word) => [word, ctrl] as const),
  ...["alt", "meta", "option", "opt", "m", "a"].map((word) => [word, alt] as const),
  ...["shift", "s"].map((word) => [word, shift] as const),
  ...["super", "cmd", "command", "win", "d"].map((word) => [word, superKey] as const)
])

const functionKeys = Array.from({ length: 12 }, (_, index) => `f${index + 1}`)
const keypadKeys = [..."0123456789*+-./"].map((sign) => `kp${sign}`).concat("kpenter")

export const namedKeys: ReadonlySet<string> = new Set([
  ...["enter", "linefeed", "escape", "tab", "backspace", "space", "up", "down", "right", "left", "home", "end", "insert", "delete"],
  ...["pageup", "pagedown", ...functionKeys, ...keypadKeys]
])

const synonyms: ReadonlyMap<string, string> = new Map([
  ...["return", "ret", "cr"].map((word) => [word, "enter"] as const),
  ...["lf", "newline", "nl"].map((word) => [word, "linefeed"] as const),
  ["esc", "escape"],
  ...["bs", "bspace", "back"].map((word) => [word, "backspace"] as const),
  ...["spc", "spacebar"].map((word) => [word, "space"] as const),
  ...["del", "dc"].map((word) => [word, "delete"] as const),
  ...["ins", "ic"].map((word) => [word, "insert"] as const),
  ...["pgup", "ppage", "prior"].map((word) => [word, "pageup"] as const),
  ...["pgdn", "pgdown", "npage", "next"].map((word) => [word, "pagedown"] as const),
  ...["up", "down", "right", "left"].flatMap((word) => [
    [`arrow${word}`, word] as const,
    [`${word}arrow`, word] as const,
    [`cursor${word}`, word] as const
  ]),
  ["lt", "<"],
  ["minus", "-"],
  ["plus", "+"],
  ["kpplus", "kp+"],
  ["kpminus", "kp-"],
  ["kpmultiply", "kp*"],
  ["kpdivide", "kp/"],
  ["kpdecimal", "kp."]
])
