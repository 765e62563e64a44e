/** A row that no version of ours has written: what a downgrade, or a hand in the file, leaves in one stream. */
import Sqlite from "better-sqlite3"
import type { Stage } from "../support/world-stage.ts"

/** While no daemon has the log open. Returns the stream. */
export const poison = (stage: Stage, stream: string): string => {
  stage.truth.look()
  const last = stage.truth.rows.findLast((row) => row.stream === stream)!
  const { writer_epoch } = stage.truth.rows.at(-1)!
  const handle = new Sqlite(stage.log.path)
  try {
    const columns = Object.keys(last).filter((name) => name !== "position")
    handle.prepare(`insert into events (${columns.join(", ")}) values (${columns.map((name) => `@${name}`).join(", ")})`).run({
      ...last,
      writer_epoch,
      seq: last.seq + 1,
      event_id: `${stream}.poison`,
      input_id: `${stream}.poison`,
      type: "FactOfTheFuture",
      actor: "nobody"
    })
  } finally {
    handle.close()
  }
  return stream
}
