/** The routes that agents call by themselves. */
import { Effect } from "effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Sessions } from "../../actors/sessions.ts"
import { HookCall } from "../../domain/hook-call.ts"
import { Api } from "../contract.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"
import { bodyOf } from "../request.ts"

const call = bodyOf(HookCall)

export const agentsLayer = HttpApiBuilder.group(Api, "agents", (handlers) =>
  handlers.handleRaw("hook", ({ params, request }) =>
    Effect.gen(function* () {
      const token = /^bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "")?.[1]
      if (token === undefined) return yield* problem("unauthorized", "send the token of the launch: Authorization: Bearer …")
      const { hook, hookGeneration } = yield* Sessions
      // Before a byte of the body is looked at.
      yield* Effect.mapError(hookGeneration(params.id, token), toProblem)
      const { value } = yield* call(request)
      yield* Effect.mapError(hook(params.id, token, value), toProblem)
      return HttpServerResponse.empty({ status: 204 })
    })
  )
)
