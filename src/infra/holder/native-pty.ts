/** node-pty's native module, and only that: its stream classes throw unread output away 200 ms after the child's exit. */
import { dirname, join } from "node:path"

export interface NativePty {
  /** `uid` and `gid` of -1 change nothing. argv[0] of the child is `file`. Throws when forkpty(3) fails. */
  readonly fork: (
    file: string,
    args: ReadonlyArray<string>,
    env: ReadonlyArray<string>,
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void
  ) => { readonly fd: number; readonly pid: number; readonly pty: string }
  readonly resize: (fd: number, cols: number, rows: number, pixelWidth: number, pixelHeight: number) => void
}

/** It lies beside the program, under the path node-pty gives it. */
export const nativePty = (): NativePty => {
  if (loaded === null) {
    const module = { exports: {} as NativePty }
    process.dlopen(module, join(dirname(process.argv[1] ?? ""), "prebuilds", `${process.platform}-${process.arch}`, "pty.node"))
    loaded = module.exports
  }
  return loaded
}
let loaded: NativePty | null = null
