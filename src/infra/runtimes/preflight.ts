/** Says before a launch everything that would make it fail, all at once. */
import { isAbsolute, join } from "node:path"
import { Effect } from "effect"
import { directoryProblem, executableProblem, type LaunchProblem } from "../holder/launch-problem.ts"
import { lookAt } from "../path-looks.ts"
import { PreflightFailed, type PreflightReason } from "./runtime.ts"

type Field = PreflightReason["field"]

/** A name with a slash is a path, from `cwd` on when relative; a bare name is looked up along `path`, as execvp(3) does. */
export const preflight = Effect.fn("Runtime.preflight")(function* (command: string, cwd: string, path: string) {
  let field: Field = "cwd"
  const looked = lookAt(cwd, async (visit) => {
    const directory = await directoryProblem(cwd)
    const found = await find(command, cwd, path, (at, of) => {
      visit(at)
      field = of
    })
    return { directory, found }
  })
  const { directory, found } = yield* Effect.mapError(
    looked,
    ({ detail }) => new PreflightFailed({ reasons: [{ field, code: "path_silent", message: detail }] })
  )
  const reasons: Array<PreflightReason> = []
  if (directory !== null) reasons.push({ field: "cwd", ...directory })
  if (found.problem !== null) reasons.push({ field: "command", ...found.problem })
  if (reasons.length > 0) return yield* new PreflightFailed({ reasons })
  return { executable: found.executable }
})

interface Program {
  readonly executable: string
  readonly problem: LaunchProblem | null
}

const find = async (command: string, cwd: string, path: string, visit: (path: string, field: Field) => void): Promise<Program> => {
  if (command.includes("/")) {
    const executable = isAbsolute(command) ? command : join(cwd, command)
    visit(executable, "command")
    return { executable, problem: await executableProblem(executable) }
  }
  let nearest: LaunchProblem = { code: "executable_missing", message: `${command || "an empty name"} is not on the PATH` }
  if (command === "") return { executable: "", problem: nearest }
  for (const folder of path.split(":")) {
    const executable = join(isAbsolute(folder) ? folder : join(cwd, folder), command)
    visit(executable, "env.PATH")
    const problem = await executableProblem(executable)
    if (problem === null) return { executable, problem }
    if (problem.code !== "executable_missing") nearest = problem
  }
  return { executable: "", problem: nearest }
}
