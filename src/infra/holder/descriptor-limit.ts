/** Lowers the soft limit of open files for the agent: Node raises its own, and a program that uses select(2) fails above 1,024. */
import { spawnSync } from "node:child_process"

/** Without prlimit(1) it stays. */
export const lowerDescriptors = (descriptors: number | undefined): void => {
  if (descriptors === undefined) return
  spawnSync("prlimit", ["--pid", `${process.pid}`, `--nofile=${Math.max(descriptors, ownDescriptors)}:`], {
    stdio: "ignore",
    timeout: 2_000
  })
}

/** What the holder itself has open at most, with the spare room of a flood. */
const ownDescriptors = 64
