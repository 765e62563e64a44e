/** Pages of the session list: in the order of creation, by an opaque cursor that no later session can shift. */
import { Effect, Option, Schema } from "effect"
import { limits } from "../domain/limits.ts"
import { State } from "../domain/view.ts"
import type { EventReader, ListQuery as RowQuery, SessionRow } from "../infra/log/event-store.ts"
import type { ListQuery } from "./contract/sessions.ts"
import type { FieldError, Problem } from "./problems.ts"
import { invalid } from "./request.ts"

const CursorText = Schema.fromJsonString(Schema.Tuple([Schema.Int, Schema.String]))
const decodeCursor = Schema.decodeUnknownOption(CursorText)
const isState = Schema.is(State)

const cursorOf = ({ createdAt, id }: SessionRow) => Buffer.from(JSON.stringify([createdAt, id])).toString("base64url")

export const listPage = Effect.fnUntraced(function* (reader: EventReader["Service"], query: typeof ListQuery.Type) {
  const limit = query.limit ?? limits.pageSize.default
  const rows = yield* reader.list(yield* rowQuery(query, limit + 1))
  const page = rows.slice(0, limit)
  const hasMore = rows.length > limit
  const last = page.at(-1)
  return { data: page.map(({ view }) => view), nextCursor: last === undefined || !hasMore ? null : cursorOf(last), hasMore }
})

const rowQuery = (query: typeof ListQuery.Type, limit: number): Effect.Effect<RowQuery, Problem> => {
  const errors: Array<FieldError> = []
  const state = (query.state ?? []).flatMap((words) => words.split(","))
  for (const word of state) if (!isState(word)) errors.push({ field: "state", message: `there is no state "${word}"` })
  const labels: Record<string, string> = {}
  for (const pair of query.label ?? []) {
    const at = pair.indexOf("=")
    if (at < 1) errors.push({ field: "label", message: `"${pair}" is not key=value` })
    else labels[pair.slice(0, at)] = pair.slice(at + 1)
  }
  const cursor = query.cursor === undefined ? Option.none() : decodeCursor(Buffer.from(query.cursor, "base64url").toString("utf8"))
  if (query.cursor !== undefined && Option.isNone(cursor)) errors.push({ field: "cursor", message: "not a cursor of this list" })
  if (errors.length > 0) return Effect.fail(invalid(errors))
  return Effect.succeed({
    limit,
    ...(state.length === 0 ? {} : { state }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Option.isNone(cursor) ? {} : { cursor: { createdAt: cursor.value[0], id: cursor.value[1] } })
  })
}
