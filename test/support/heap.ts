/** The heap of another process after a full collection, through its inspector: resident memory grows to V8's comfort, a heap only by a leak. */

/** For the environment of a daemon: its inspector listens at a port of its own, and says so in its log. */
export const inspected = { NODE_OPTIONS: "--inspect=127.0.0.1:0" }

/** Megabytes in use. `log`: what the process has written so far. */
export const heapMbOf = async (log: string): Promise<number> => {
  // A daemon begins twice, the second time with the engine's flags.
  const url = log.match(/ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/g)?.at(-1)
  if (url === undefined) throw new Error("the process was not started with an inspector")
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error("the inspector does not answer"))
  })
  const call = (id: number, method: string, params: object = {}) =>
    new Promise<{ readonly result: { readonly usedSize?: number } }>((resolve) => {
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(String(data)) as { readonly id?: number; readonly result: { readonly usedSize?: number } }
        if (message.id === id) resolve(message)
      }
      socket.send(JSON.stringify({ id, method, params }))
    })
  try {
    await call(1, "HeapProfiler.collectGarbage")
    const { result } = await call(2, "Runtime.getHeapUsage")
    return Math.round((result.usedSize ?? 0) / 1_048_576)
  } finally {
    socket.close()
  }
}
