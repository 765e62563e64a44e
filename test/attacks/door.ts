/** Attacks on the HTTP listeners: targets, hosts, origins, tokens, upgrades, bodies, connections. */
import { connect } from "node:net"
import type { Attack } from "./attack.ts"

export const door: ReadonlyArray<Attack> = [
  {
    id: "door-01",
    attacker: "stranger",
    does: "asks for all sessions through a target that holds a cursor and ends like a hook's",
    promise: "refuses it before it looks for a session",
    run: async ({ daemon }) => {
      const status = await statusOf(daemon.url, "GET /v1/sessions/;cursor=WzAsIiJdIA==/hooks HTTP/1.1")
      if (status !== 400) throw new Error(`answered ${status}`)
      return String(status)
    }
  }
]

/** The status of the answer to raw lines; 0 where the connection ended without one. */
export const statusOf = (url: string, requestLine: string, headers: ReadonlyArray<string> = []) =>
  new Promise<number>((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ""
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")))
    socket.on("data", (chunk) => {
      text += chunk
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)))
    socket.write(`${[requestLine, `Host: ${hostname}:${port}`, "Connection: close", ...headers].join("\r\n")}\r\n\r\n`)
  })
