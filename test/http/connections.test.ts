/** Which connection makes room where all are taken: never the owner's for another user's. */
import { Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Connections } from "../../src/http/connections.ts"

const opened = (connections: Connections, listener: "tcp" | "unix") => {
  const socket = new Socket()
  connections.open(socket, listener)
  return socket
}
const areOpen = (...sockets: ReadonlyArray<Socket>) => sockets.map(({ destroyed }) => !destroyed)

describe("a connection that arrives where all are taken", () => {
  it("takes the place of one of the TCP listener, though one of the unix socket is older", () => {
    for (const listener of ["tcp", "unix"] as const) {
      const connections = new Connections(3)
      const owner = opened(connections, "unix")
      const [first, second] = [opened(connections, "tcp"), opened(connections, "tcp")]
      const next = opened(connections, listener)
      assert.deepStrictEqual(areOpen(owner, first, second, next), [true, false, true, true])
    }
  })
  it("is closed itself, where it comes over TCP and only those of the unix socket are left", () => {
    const connections = new Connections(2)
    const owners = [opened(connections, "unix"), opened(connections, "unix")]
    assert.deepStrictEqual(areOpen(...owners, opened(connections, "tcp")), [true, true, false])
  })
  it("takes the place of another of the unix socket only where it is one itself", () => {
    const connections = new Connections(2)
    const owners = [opened(connections, "unix"), opened(connections, "unix")]
    assert.deepStrictEqual(areOpen(...owners, opened(connections, "unix")), [false, true, true])
  })
})
