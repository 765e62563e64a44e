/** Whether the keys of a person leave text in the agent's composer that was not sent: known from the keys alone, whatever draws them. */

/** `open`: text may stand there. `empty`: nothing does, since Enter or ctrl-c was pressed last. */
export type Composer = "open" | "empty"

const escape = 0x1b
const longest = 64
/** What a terminal sends by itself, and keys that move only: reports, focus, mouse, a paste's marks are looked at before. */
const silent = /^\x1b(?:\[[\d;:?<>=!$ ]*[A-Za-z~]|O[A-Za-z]|[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)?)/
const enterKey = /^\x1b\[13(?:;1(?::[12])?)?u/
const control = /^\x1b\[(\d+);5(?::[12])?u/
/** A key that the Kitty protocol spells as its code point, released ones apart. */
const textKey = /^\x1b\[(\d+)(?:;[12](?::[12])?)?u/

/** A reader of one client's keys: returns what the newest of them leaves, or null where none of them says anything. */
export const makeComposer = (): ((bytes: Uint8Array) => Composer | null) => {
  let isPasting = false
  let held = ""
  return (bytes) => {
    const text = held + Buffer.from(bytes).toString("latin1")
    held = ""
    let said: Composer | null = null
    for (let at = 0; at < text.length; ) {
      const rest = text.slice(at, at + longest)
      const key = keyAt(rest, isPasting)
      // The end of a sequence that is still coming; a lone Escape is a key of its own.
      if (key === null) {
        if (rest.length > 1) held = rest
        break
      }
      at += key.length
      if (key.paste !== undefined) isPasting = key.paste
      said = key.says ?? said
    }
    return said
  }
}

interface Read {
  readonly length: number
  readonly says?: Composer
  readonly paste?: boolean
}

const keyAt = (text: string, isPasting: boolean): Read | null => {
  if (text.startsWith("\x1b[200~")) return { length: 6, paste: true }
  if (text.startsWith("\x1b[201~")) return { length: 6, paste: false }
  const code = text.charCodeAt(0)
  if (isPasting) return { length: 1, says: "open" }
  if (code !== escape) return { length: 1, ...bare(code) }
  const enter = enterKey.exec(text)
  if (enter !== null) return { length: enter[0].length, says: "empty" }
  const pressed = control.exec(text)
  if (pressed !== null) return { length: pressed[0].length, ...(Number(pressed[1]) === 99 ? { says: "empty" as const } : {}) }
  const typed = textKey.exec(text)
  if (typed !== null)
    return { length: typed[0].length, ...(Number(typed[1]) >= 32 && Number(typed[1]) !== 127 ? { says: "open" as const } : {}) }
  // The mouse as X10 encodes it: three bytes behind the sequence, which may be letters.
  if (text.startsWith("\x1b[M")) return text.length < 6 ? null : { length: 6 }
  const other = silent.exec(text)
  if (other !== null) return { length: other[0].length }
  if (text.length < longest && /^\x1b(?:\[[\d;:?<>=!$ ]*|[O\]P_^][^\x07]*)?$/.test(text)) return null
  // Alt and a key: a new line in several composers, and text in none.
  return { length: 2 }
}

/** Enter sends, ctrl-c clears or interrupts; what is drawn is text. Other control keys change text that is there, and bring none. */
const bare = (code: number): { readonly says?: Composer } => {
  if (code === 0x0d || code === 0x03) return { says: "empty" }
  return code >= 0x20 && code !== 0x7f ? { says: "open" } : {}
}
