/** What agents tell the daemon by themselves, through their own hooks. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { HookCall } from "../../domain/hook-call.ts"
import { ofSession, params } from "./common.ts"

/** A hook shows the token of its own launch, which opens nothing else. */
export const hookPath = /^\/v1\/sessions\/[^/?]+\/hooks$/

export class AgentsApi extends HttpApiGroup.make("agents").add(
  HttpApiEndpoint.post("hook", "/v1/sessions/:id/hooks", { params, payload: HookCall, success: Schema.Void, error: ofSession })
) {}
