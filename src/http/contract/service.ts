/** The daemon about itself. `/healthz` alone needs no token, so it says nothing worth hiding. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

export const Health = Schema.Struct({ status: Schema.Literal("ok"), version: Schema.String, pid: Schema.Int, epoch: Schema.Int })
export type Health = typeof Health.Type

/** What start-up found, one count for each outcome; `expected` is their sum. */
export const Recovery = Schema.Struct({
  expected: Schema.Int,
  adopted: Schema.Int,
  exited: Schema.Int,
  lost: Schema.Int,
  rebooted: Schema.Int,
  respawned: Schema.Int,
  resting: Schema.Int,
  failed: Schema.Int,
  quarantinedHolders: Schema.Int,
  tookMs: Schema.Int
})

export const Readiness = Schema.Struct({
  status: Schema.Literal("ready"),
  recovery: Recovery,
  /** Sessions whose log this version cannot read. */
  quarantined: Schema.Array(Schema.Struct({ session: Schema.String, reason: Schema.String, at: Schema.String })),
  /** Live sessions that are not wholly under control: their holder is stopped, or its files were removed. */
  troubled: Schema.Array(Schema.Struct({ session: Schema.String, says: Schema.String })),
  /** Sessions that were folded again and came out otherwise than the log says: a damaged row, or a fault of the daemon. */
  diverged: Schema.Array(
    Schema.Struct({
      session: Schema.String,
      seq: Schema.Int,
      recorded: Schema.String,
      folded: Schema.NullOr(Schema.String),
      reason: Schema.String,
      at: Schema.String
    })
  )
})
export type Readiness = typeof Readiness.Type

export class ServiceApi extends HttpApiGroup.make("service").add(
  HttpApiEndpoint.get("healthz", "/healthz", { success: Health }),
  HttpApiEndpoint.get("readyz", "/readyz", { success: Readiness }),
  HttpApiEndpoint.get("metrics", "/metrics", { success: Schema.String.pipe(HttpApiSchema.asText()) })
) {}
