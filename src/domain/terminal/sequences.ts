/** What a terminal's bytes mean beside text, and the one spelling of each that a terminal gets to read. */
import { limits } from "../limits.ts"

export interface Place {
  /** From its first byte to behind its last, counted from the beginning of the output. */
  readonly from: number
  readonly to: number
}

export interface EscapeSequence extends Place {
  readonly kind: "escape"
  readonly intermediates: string
  readonly final: string
}

/** CSI. `parameters`: digits, semicolons and colons. */
export interface ControlSequence extends Place {
  readonly kind: "csi"
  readonly prefix: string
  readonly parameters: string
  readonly intermediates: string
  readonly final: string
}

export type StringKind = "osc" | "dcs" | "apc" | "pm" | "sos" | "title"

export interface StringSequence extends Place {
  readonly kind: StringKind
  readonly body: Uint8Array
  /** Ended by BEL: an answer to it ends so too. */
  readonly isBell: boolean
}

export type Sequence = EscapeSequence | ControlSequence | StringSequence

/** What distinguishes control sequences beside their parameters: `?h`, ` q`, `$p`, `m`. */
export const nameOf = ({ final, intermediates, prefix }: ControlSequence): string => prefix + intermediates + final

/** The first number of each parameter; null where none stands. At most as many as a terminal reads. */
export const numbersOf = ({ parameters }: Pick<ControlSequence, "parameters">): ReadonlyArray<number | null> =>
  parameters === ""
    ? []
    : parameters
        .split(";", limits.terminalParameters)
        .map((part) => (/^\d/.test(part) ? Math.min(Number.parseInt(part, 10), limits.terminalNumber) : null))

/** Each number at most `most`, and only so many of them. Colons separate what stands within one parameter. */
export const clamped = (parameters: string, most: number = limits.terminalNumber): string =>
  parameters
    .split(";", limits.terminalParameters)
    .map((part) =>
      part
        .split(":", limits.terminalSubParameters)
        .map((text) => (text === "" ? "" : String(Math.min(Number.parseInt(text, 10), most))))
        .join(":")
    )
    .join(";")

/** In seven bits. */
export const spelled = ({ final, intermediates, prefix }: ControlSequence, parameters: string): string =>
  `\x1b[${prefix}${parameters}${intermediates}${final}`

const utf8 = new TextDecoder()
export const textOf = (bytes: Uint8Array): string => utf8.decode(bytes)
