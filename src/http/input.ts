/** The body of an input becomes the exact bytes for the terminal, or says which field is wrong. */
import { Result } from "effect"
import { limits } from "../domain/limits.ts"
import type { InputRequest } from "./contract/sessions.ts"
import { knownKeys } from "./key-names.ts"
import { type KeyModes, keysBytes, plainKeys } from "./keys.ts"
import type { Problem } from "./problems.ts"
import { invalidField } from "./request.ts"

/** `modes`: how the program has asked for its keys. */
export const inputBytes = ({ base64, keys, text }: InputRequest, modes: KeyModes = plainKeys): Result.Result<Uint8Array, Problem> => {
  if (base64 !== undefined) {
    if (text !== undefined || keys !== undefined) return Result.fail(invalidField("base64", "stands alone, without text and keys"))
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64))
      return Result.fail(invalidField("base64", "not base64"))
    return sized(Buffer.from(base64, "base64"), "base64")
  }
  if (text === undefined && keys === undefined) return Result.fail(invalidField("body", "one of text, keys and base64 is needed"))
  if (text !== undefined && !text.isWellFormed()) return Result.fail(invalidField("text", "holds half of a surrogate pair"))
  return Result.match(keysBytes(keys ?? [], modes), {
    onFailure: ({ index, name }) =>
      Result.fail(invalidField(`keys.${index}`, `there is no key "${name.slice(0, 64)}"; known are ${knownKeys()}`)),
    onSuccess: (pressed) => sized(Buffer.from((text ?? "") + pressed, "utf8"), text === undefined ? "keys" : "text")
  })
}

const sized = (bytes: Uint8Array, field: string): Result.Result<Uint8Array, Problem> => {
  if (bytes.length === 0) return Result.fail(invalidField(field, "is empty"))
  if (bytes.length > limits.inputBytes) return Result.fail(invalidField(field, `at most ${limits.inputBytes} bytes`))
  return Result.succeed(bytes)
}
