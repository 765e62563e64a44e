/** Agents that a user describes in `<home>/providers/<id>.json`: each is taken whole or not at all, and every reason against one is named. */
import { readdirSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Result, Schema, SchemaIssue } from "effect"
import { limits } from "../../domain/limits.ts"
import { providers } from "../../domain/providers/index.ts"
import { Provider } from "../../domain/providers/provider.ts"
import { readRegular } from "../regular-file.ts"

export interface ProviderProblem {
  readonly file: string
  /** As a path from the root, `submit.bracketed`; `file` where no field is to blame. */
  readonly field: string
  readonly message: string
}

export interface UserProviders {
  readonly providers: ReadonlyArray<Provider>
  readonly problems: ReadonlyArray<ProviderProblem>
}

/** A home without such a folder has none. Files that do not end in `.json` are passed over. */
export const userProviders = (home: string): UserProviders => {
  const folder = join(home, "providers")
  const read = names(folder).map((name) => readProvider(folder, name))
  return {
    providers: read.flatMap((one) => (Result.isSuccess(one) ? one.success : [])),
    problems: read.flatMap((one) => (Result.isFailure(one) ? one.failure : []))
  }
}

const suffix = ".json"

const names = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .toSorted()
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return []
    throw cause
  }
}

const readProvider = (folder: string, file: string): Result.Result<Provider, ReadonlyArray<ProviderProblem>> => {
  const problem = (field: string, message: string) => Result.fail([{ file, field, message }])
  const text = textOf(join(folder, file))
  if (Result.isFailure(text)) return problem("file", text.failure)
  const json = jsonOf(text.success)
  if (Result.isFailure(json)) return problem("file", json.failure)
  const provider = decode(json.success)
  if (Result.isFailure(provider)) return Result.fail(problemsOf(file, provider.failure.issue))
  const { id } = provider.success
  if (`${id}${suffix}` !== file) return problem("id", `must be the file's name, ${JSON.stringify(file.slice(0, -suffix.length))}`)
  if (providers.has(id)) return problem("id", `${id} is built in, and cannot be described again`)
  return Result.succeed(provider.success)
}

const textOf = (path: string): Result.Result<string, string> => {
  try {
    return Result.succeed(new TextDecoder("utf-8", { fatal: true }).decode(readRegular(realpathSync(path), limits.providerFileBytes, {})))
  } catch (cause) {
    if (cause instanceof TypeError) return Result.fail("is not UTF-8")
    const { code } = cause as NodeJS.ErrnoException
    if (code === "TOO_LARGE") return Result.fail(`too large: at most ${limits.providerFileBytes} bytes are read`)
    if (code === undefined) throw cause
    return Result.fail(`cannot be read: ${code}`)
  }
}

const jsonOf = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (cause) {
    if (cause instanceof SyntaxError) return Result.fail(`is not JSON: ${cause.message}`)
    throw cause
  }
}

const decode = Schema.decodeUnknownResult(Provider, { onExcessProperty: "error", errors: "all" })
const standardIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const problemsOf = (file: string, issue: SchemaIssue.Issue): ReadonlyArray<ProviderProblem> =>
  standardIssues(issue).issues.map(({ message, path = [] }) => ({
    file,
    field: path.length === 0 ? "file" : path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
    message
  }))
