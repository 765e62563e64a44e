/** Reaches a holder's socket under a path of any length, and asks nothing of it. */
import { closeSync, constants, openSync } from "node:fs"
import { createConnection, type Socket } from "node:net"
import { basename, dirname } from "node:path"
import { Effect } from "effect"
import { codeOf } from "../holder/launch-directory.ts"
import { HolderUnavailable } from "./runtime.ts"

/** Connected, and closed with the scope. `gone`: no process listens there. `silent`: a holder should, and does not answer. */
export const openSocket = (path: string) =>
  Effect.acquireRelease(
    Effect.callback<Socket, HolderUnavailable>((resume) => {
      const { address, release } = addressOf(path)
      if (address === null) return resume(Effect.fail(gone(path)))
      const socket = createConnection(address)
      socket.once("error", (cause) => {
        release()
        const code = codeOf(cause)
        resume(Effect.fail(code === "ENOENT" || code === "ECONNREFUSED" ? gone(path) : silent(`${path}: ${code}`)))
      })
      socket.once("connect", () => {
        release()
        socket.removeAllListeners("error")
        // The user of the socket learns its end from "close"; without a listener an error would end the daemon.
        socket.on("error", () => {})
        resume(Effect.succeed(socket))
      })
      return Effect.sync(() => {
        release()
        socket.destroy()
      })
    }).pipe(Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.fail(silent(`${path} does not accept`)) })),
    (socket) => Effect.sync(() => socket.destroy())
  )

const gone = (path: string) => new HolderUnavailable({ reason: "gone", message: `no process listens at ${path}` })
const silent = (message: string) => new HolderUnavailable({ reason: "silent", message })

/** unix(7): an address holds 108 bytes with its end. A longer path is reached through an open descriptor of its directory. */
const addressOf = (path: string): { readonly address: string | null; readonly release: () => void } => {
  if (Buffer.byteLength(path) < 108) return { address: path, release: () => {} }
  let fd: number | null
  try {
    fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return { address: null, release: () => {} }
  }
  const release = () => {
    if (fd !== null) closeSync(fd)
    fd = null
  }
  return { address: `/proc/self/fd/${fd}/${basename(path)}`, release }
}
