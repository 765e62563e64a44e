/** The program of tmux' pane: prints each stream that comes over its socket, and says when tmux has read it all. Its terminal is raw. */
import { spawnSync } from "node:child_process"
import { connect } from "node:net"

spawnSync("stty", ["raw", "-echo"], { stdio: ["inherit", "ignore", "ignore"] })
const socket = connect(process.argv[2]!)
socket.on("data", (bytes) => process.stdout.write(bytes))
// The answer to a question that each stream ends with.
process.stdin.on("data", (bytes) => socket.write(bytes))
socket.on("close", () => process.exit(0))
