/** What a program has asked of its terminal's keyboard: how keys and pastes are to be spelled for it. */
export interface TerminalModes {
  /** Mode 2004. */
  readonly bracketedPaste: boolean
  /** DECCKM: cursor keys in SS3. */
  readonly applicationCursor: boolean
  /** DECNKM or DECKPAM. */
  readonly applicationKeypad: boolean
  /** The flags of Kitty's keyboard protocol; 0: as ever. */
  readonly kittyKeyboard: number
  /** False where the beginning of the output is lost: what was asked for in it is not known. */
  readonly exact: boolean
}
