/** What the daemon and the thread of its screens say to each other: plain data, one answer for each call. */
import type { Highlight } from "../../domain/screen-rows.ts"
import type { Size } from "../../domain/spec.ts"
import type { StringKind } from "../../domain/terminal/sequences.ts"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { TerminalModes } from "../../domain/terminal-modes.ts"
import type { Crop } from "./cropping.ts"
import type { EmulatorCheckpoint, Picture } from "./emulator.ts"

/** Where the emulator stands within what it was given. */
export interface Standing {
  readonly size: Size
  /** So many of the last bytes are not drawn: they begin a sequence or a character. */
  readonly held: number
  /** The bytes that come next belong to a string of this kind, which is dropped. */
  readonly dropping: StringKind | null
  /** Cells in memory. */
  readonly cells: number
}

interface Works {
  readonly open: {
    readonly given: { readonly session: string; readonly size: Size; readonly checkpoint: EmulatorCheckpoint | null }
    readonly found: Standing
  }
  readonly write: { readonly given: { readonly bytes: Uint8Array }; readonly found: Standing }
  /** What the terminal says to the queries in these bytes. */
  readonly ask: { readonly given: { readonly bytes: Uint8Array; readonly colours?: TerminalColours }; readonly found: string }
  readonly resize: { readonly given: { readonly size: Size }; readonly found: Standing }
  readonly picture: { readonly given: object; readonly found: Picture }
  readonly highlights: { readonly given: object; readonly found: ReadonlyArray<Highlight> }
  readonly modes: { readonly given: object; readonly found: Omit<TerminalModes, "exact"> }
  readonly restoring: { readonly given: { readonly scrollback: number }; readonly found: string }
  readonly cropped: { readonly given: { readonly size: Size }; readonly found: Crop }
  /** Null while a string is dropped. */
  readonly checkpoint: { readonly given: { readonly scrollback: number }; readonly found: EmulatorCheckpoint | null }
  readonly close: { readonly given: object; readonly found: null }
}

export type WorkType = keyof Works
export type Given<Type extends WorkType> = Works[Type]["given"]
export type Found<Type extends WorkType> = Works[Type]["found"]
export type Work = { readonly [Type in WorkType]: { readonly type: Type } & Given<Type> }[WorkType]

/** `screen`: chosen by the daemon, never again. */
export interface Call {
  readonly call: number
  readonly screen: number
  readonly work: Work
}

export type Answered =
  | { readonly call: number; readonly found: Found<WorkType> }
  /** The session has used up its time: all its screens are gone. */
  | { readonly call: number; readonly refused: "overrun" }
  /** A fault of the emulator with what it was given: this screen is gone. */
  | { readonly call: number; readonly refused: "fault"; readonly message: string }

/** Shared memory: how often the thread took up work, and of which screen the last was. */
export const turnsPlace = 0
export const screenPlace = 1
export const sharedInts = 2
