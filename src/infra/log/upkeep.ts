/** What is derived can be thrown away: the list view rewritten from rows, checkpoints deleted, old answers to repeats forgotten. */
import { Context, type Effect } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Database } from "./database.ts"
import type { SessionRow, StoreFailure } from "./event-store.ts"
import { compiler } from "./tables.ts"

/** For `doctor`, and for the tests that hold the derived against the log. */
export class Upkeep extends Context.Service<
  Upkeep,
  {
    /** The list view becomes exactly these rows, in one transaction: a reader sees the old list or the new one. */
    readonly rebuildViews: (rows: ReadonlyArray<SessionRow>) => Effect.Effect<void, StoreFailure>
    readonly deleteCheckpoints: Effect.Effect<void, StoreFailure>
  }
>()("reprise/infra/Upkeep") {}

/** A key is honoured for `limits.idempotencyMs`; what is older is a new request. */
export const forgetOldKeys = (database: Database, now: number) =>
  void database.query(compiler.deleteFrom("idempotency").where("at", "<", now - limits.idempotencyMs))
