/**
 * Mounts a file system (FUSE) of which nothing answers, on the directory that it is given, until it is ended or a minute is over. It
 * never holds a file that is open, so that no process but the one that names a path there waits. Root alone may run it.
 */
import { spawnSync } from "node:child_process"
import { openSync, readSync, writeSync } from "node:fs"

const [directory = ""] = process.argv.slice(2)
const device = openSync("/dev/fuse", "r+")
const options = `fd=3,rootmode=40000,user_id=${process.getuid!()},group_id=${process.getgid!()},allow_other`
const mounted = spawnSync("mount", ["-i", "-t", "fuse", "-o", options, "silent", directory], {
  stdio: ["ignore", "inherit", "inherit", device]
})
if (mounted.status !== 0) process.exit(1)

const initOpcode = 26
const headerBytes = 16
const answerBytes = 64
const buffer = Buffer.alloc(1 << 17)
// Its read waits in the kernel: the runner of this program ends it by SIGKILL, and the mount with it.
for (;;) {
  readSync(device, buffer)
  if (buffer.readUInt32LE(4) !== initOpcode) continue
  const reply = Buffer.alloc(headerBytes + answerBytes)
  reply.writeUInt32LE(reply.length, 0)
  buffer.copy(reply, 8, 8, 16)
  reply.writeUInt32LE(7, headerBytes)
  reply.writeUInt32LE(31, headerBytes + 4)
  reply.writeUInt32LE(65_536, headerBytes + 20)
  writeSync(device, reply)
  process.stdout.write("mounted\n")
}
