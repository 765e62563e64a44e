/** What a person gave is checked by the contract before it is sent: what is wrong with it is a usage error, by name. */
import { Effect, Schema, SchemaIssue } from "effect"
import { UsageFailure } from "./failures.ts"

const standardIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** `name` is what the complaint names when no field of the value is to blame. */
export const checked = <S extends Schema.Constraint & { readonly DecodingServices: never }>(name: string, schema: S, value: unknown) =>
  Schema.decodeUnknownEffect(schema as S & Schema.Decoder<S["Type"]>, { errors: "all", onExcessProperty: "error" })(value).pipe(
    Effect.map((valid) => valid as S["Type"]),
    Effect.mapError(({ issue }) => {
      const complaints = standardIssues(issue).issues.map(({ message, path = [] }) => `${path.map(String).join(".") || name}: ${message}`)
      return new UsageFailure({ message: complaints.join("; ") })
    })
  )
