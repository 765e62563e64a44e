/** What a terminal would do with bytes before its program reads them: why they had better not be typed now. */
import { spawn } from "node:child_process"
import type { WriteRefusal } from "../../domain/facts.ts"
import { limits } from "../../domain/limits.ts"
import { isSuspended } from "./process-table.ts"

interface Discipline {
  /** Lines are kept until their end, and cut where they are longer than the kernel's buffer. */
  readonly canonical: boolean
  readonly echo: boolean
}

export interface Typed {
  readonly bytes: Uint8Array
  /** Typed for a person that does not see the screen now; else a person chose these very bytes for what is there. */
  readonly isPrompt: boolean
}

/** Null: type it. `terminal` is a descriptor of the program's end, `leader` the process that was launched in it. */
export const refusalOf = async (terminal: number, leader: number, { bytes, isPrompt }: Typed): Promise<WriteRefusal | null> => {
  if (isSuspended(leader)) return "suspended"
  const isLong = longestLine(bytes) > limits.canonicalLineBytes
  if (!isLong && !isPrompt) return null
  const discipline = await disciplineOf(terminal)
  // A raw terminal echoes nothing either: its program draws what is typed, and takes lines of any length.
  if (discipline === null || !discipline.canonical) return null
  if (isPrompt && !discipline.echo) return "echo_off"
  return isLong ? "line_too_long" : null
}

/** Without its end; Enter, a line feed and the end of a file each end one. */
const longestLine = (bytes: Uint8Array): number => {
  let longest = 0
  let begin = 0
  for (let place = 0; place <= bytes.length; place++) {
    const byte = bytes[place]
    if (byte !== undefined && byte !== 0x0a && byte !== 0x0d && byte !== 0x04) continue
    longest = Math.max(longest, place - begin)
    begin = place + 1
  }
  return longest
}

/**
 * As `stty` prints it: Node has no way to read termios(3), and a terminal looks the same from both of its ends. Null where there is no
 * such tool, or where it does not answer in time.
 */
const disciplineOf = (terminal: number): Promise<Discipline | null> =>
  new Promise((resolve) => {
    const PATH = `${process.env.PATH ?? ""}:/usr/local/bin:/usr/bin:/bin`
    const stty = spawn("stty", ["-a"], { stdio: [terminal, "pipe", "ignore"], env: { PATH, LC_ALL: "C" }, timeout: answerMs })
    let said = ""
    stty.stdout?.on("data", (bytes: Buffer) => {
      said += bytes.toString("latin1")
    })
    stty.on("error", () => resolve(null))
    stty.on("close", () => resolve(flagsIn(said)))
  })

const flagsIn = (said: string): Discipline | null => {
  const words = new Set(said.split(/[\s;]+/))
  const flag = (name: string) => (words.has(name) ? true : words.has(`-${name}`) ? false : null)
  const [canonical, echo] = [flag("icanon"), flag("echo")]
  return canonical === null || echo === null ? null : { canonical, echo }
}

const answerMs = 2_000
