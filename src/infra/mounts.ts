/** What the file system of a place allows, as the kernel's table of mounts says. */
import { readFileSync } from "node:fs"

/** Whether programs and shared objects can be loaded from below `path`, which is without links. True where nothing can be said. */
export const allowsPrograms = (path: string): boolean => {
  const mounts = linesOf("/proc/self/mountinfo").map((line) => line.split(" "))
  // proc_pid_mountinfo(5): the fifth field is the mount point, with blanks as octal escapes; the sixth its options. The last one lies on top.
  const covering = mounts.filter(([, , , , point]) => point !== undefined && isBelow(path, unescaped(point)))
  const nearest = covering.reduce<ReadonlyArray<string> | null>(
    (best, mount) => (best === null || unescaped(mount[4]!).length >= unescaped(best[4]!).length ? mount : best),
    null
  )
  return nearest?.[5]?.split(",").includes("noexec") !== true
}

const isBelow = (path: string, point: string) => point === "/" || path === point || path.startsWith(`${point}/`)
const unescaped = (point: string) => point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

const linesOf = (path: string): ReadonlyArray<string> => {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n")
  } catch {
    return []
  }
}
