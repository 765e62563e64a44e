/** The program of a stage's session: what comes over its socket it prints, what is typed it sends back. Its terminal is raw. */
import { spawnSync } from "node:child_process"
import { connect } from "node:net"

spawnSync("stty", ["raw", "-echo"], { stdio: ["inherit", "ignore", "ignore"] })
const socket = connect(process.argv[2]!)
socket.pipe(process.stdout)
process.stdin.pipe(socket)
socket.on("close", () => process.exit(0))
