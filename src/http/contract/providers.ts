/** The agents that this daemon knows, and which of them are installed. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"

/** `version`: null where it does not say. `confirmed`: this version was seen to behave as its rules say. */
const Installed = Schema.Struct({ path: Schema.String, version: Schema.NullOr(Schema.String), confirmed: Schema.Boolean })

/** What can be asked of it beside prompts and a stop, and which sources report on it beside marks in the output. */
const Capabilities = Schema.Struct({
  resume: Schema.Boolean,
  fork: Schema.Boolean,
  forkAtMessage: Schema.Boolean,
  hooks: Schema.Boolean,
  transcript: Schema.Boolean,
  model: Schema.Boolean,
  /** Questions are answered by their choices. */
  answers: Schema.Boolean
})

export const ProviderView = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  builtIn: Schema.Boolean,
  /** Null: a create names the command. */
  command: Schema.NullOr(Schema.Array(Schema.String)),
  /** Null: it is not, or there is nothing to install. */
  installed: Schema.NullOr(Installed),
  /** What a person types to install it. */
  install: Schema.NullOr(Schema.String),
  /** The versions that its rules were seen to hold for. */
  confirmed: Schema.Array(Schema.String),
  capabilities: Capabilities
})
export type ProviderView = typeof ProviderView.Type

/** `problems`: files in the home's `providers` that were not taken, and why; they are read at the daemon's start. */
export const ProviderList = Schema.Struct({
  data: Schema.Array(ProviderView),
  problems: Schema.Array(Schema.Struct({ file: Schema.String, field: Schema.String, message: Schema.String }))
})
export type ProviderList = typeof ProviderList.Type

export class ProvidersApi extends HttpApiGroup.make("providers").add(
  HttpApiEndpoint.get("list", "/v1/providers", { success: ProviderList }).annotate(
    OpenApi.Description,
    "the built-in agents and the user's own. Each is asked for its version, which takes it a second or two when its file is new"
  )
) {}
