/** Says before a launch everything that would make it fail, all at once. */
import { isAbsolute, join } from "node:path"
import { Effect } from "effect"
import { directoryProblem, executableProblem, type LaunchProblem } from "../holder/launch-problem.ts"
import { PreflightFailed, type PreflightReason } from "./runtime.ts"

/** A name with a slash is a path, from `cwd` on when relative; a bare name is looked up along `path`, as execvp(3) does. */
export const preflight = Effect.fn("Runtime.preflight")(function* (command: string, cwd: string, path: string) {
  const directory = directoryProblem(cwd)
  const found = find(command, cwd, path)
  const reasons: Array<PreflightReason> = []
  if (directory !== null) reasons.push({ field: "cwd", ...directory })
  if (found.problem !== null) reasons.push({ field: "command", ...found.problem })
  if (reasons.length > 0) return yield* new PreflightFailed({ reasons })
  return { executable: found.executable }
})

const find = (command: string, cwd: string, path: string): { readonly executable: string; readonly problem: LaunchProblem | null } => {
  if (command.includes("/")) {
    const executable = isAbsolute(command) ? command : join(cwd, command)
    return { executable, problem: executableProblem(executable) }
  }
  let nearest: LaunchProblem = { code: "executable_missing", message: `${command || "an empty name"} is not on the PATH` }
  if (command === "") return { executable: "", problem: nearest }
  for (const folder of path.split(":")) {
    const executable = join(isAbsolute(folder) ? folder : join(cwd, folder), command)
    const problem = executableProblem(executable)
    if (problem === null) return { executable, problem }
    if (problem.code !== "executable_missing") nearest = problem
  }
  return { executable: "", problem: nearest }
}
