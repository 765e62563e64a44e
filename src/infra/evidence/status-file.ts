/** What Claude Code writes of itself in `sessions/<pid>.json`, believed only while the process that wrote it is the one we launched. */
import { join } from "node:path"
import { Clock, Effect, Option, Schema, Stream } from "effect"
import type { Activity } from "../../domain/activity.ts"
import { limits } from "../../domain/limits.ts"
import type { Observation } from "../../domain/observations.ts"
import { readProcess } from "../holder/process-table.ts"
import { namesIn, readSmall } from "../regular-file.ts"
import { distanceOf, type LaunchedProcess } from "./belonging.ts"
import { FileWatch } from "./file-watch.ts"

/** Where an agent with this environment keeps its status files; null where it has no home. */
export const statusDirectory = (environment: Readonly<Record<string, string | undefined>>): string | null => {
  const { CLAUDE_CONFIG_DIR: configured, HOME: home } = environment
  if (configured !== undefined && configured !== "") return join(configured, "sessions")
  return home === undefined || home === "" ? null : join(home, ".claude", "sessions")
}

/**
 * The conversation and each activity as they change, of the process of the launch that is nearest to the launched one. Never ends by
 * itself, and never says the same twice in a row. A file of a dead process, which a SIGKILL leaves behind, says nothing.
 */
export const followStatus = (directory: string, launch: LaunchedProcess): Stream.Stream<Observation> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new StatusWatch(directory, launch)),
        (watch) => Effect.sync(() => watch.files[Symbol.dispose]())
      ),
      (watch) => Stream.fromIterableEffectRepeat(news(watch))
    )
  )

const news = Effect.fnUntraced(function* (watch: StatusWatch) {
  for (;;) {
    watch.files.arm()
    const startedAt = yield* Clock.currentTimeNanos
    const observations = watch.look()
    const tookMs = Number((yield* Clock.currentTimeNanos) - startedAt) / 1e6
    if (observations.length > 0) return observations
    yield* watch.files.changed
    // Agents of other sessions write there too, and one of them may do so without end, beside thousands of files.
    yield* Effect.sleep(Math.max(limits.lookMs, (tookMs * (100 - limits.tailPercent)) / limits.tailPercent))
  }
})

class StatusWatch {
  readonly files: FileWatch
  readonly #directory: string
  readonly #launch: LaunchedProcess
  /** Whose file it is, once it was found. */
  #pid: number | null = null
  #conversation: string | null = null
  #status: string | null = null

  constructor(directory: string, launch: LaunchedProcess) {
    this.#directory = directory
    this.#launch = launch
    this.files = new FileWatch(directory)
  }

  look(): ReadonlyArray<Observation> {
    const known = this.#pid === null ? "stale" : this.#read(this.#pid)
    const found = known === "stale" ? this.#nearest() : known
    if (known === "stale") this.#pid = found?.pid ?? null
    if (found === null) return []
    const observations: Array<Observation> = []
    if (found.sessionId !== undefined && found.sessionId !== this.#conversation)
      observations.push({ type: "Conversation", id: found.sessionId, transcript: null })
    this.#conversation = found.sessionId ?? this.#conversation
    const status = found.status === undefined ? null : `${found.status} ${found.waitingFor ?? ""}`
    if (status !== null && status !== this.#status) observations.push(activityOf(found))
    this.#status = status ?? this.#status
    return observations
  }

  /** Tools may run agents of their own: the one that was launched is the nearest. */
  #nearest(): StatusFile | null {
    const own = this.#read(this.#launch.process.pid)
    if (own !== null && own !== "stale") return own
    let nearest: StatusFile | null = null
    let least = Number.POSITIVE_INFINITY
    for (const name of namesIn(this.#directory, limits.directoryNames)) {
      const pid = Number(/^(\d+)\.json$/.exec(name)?.[1])
      const distance = Number.isNaN(pid) ? null : distanceOf(this.#launch, pid)
      if (distance === null || (nearest !== null && distance >= least)) continue
      const file = this.#read(pid)
      if (file === null || file === "stale") continue
      nearest = file
      least = distance
    }
    return nearest
  }

  /** Null while it is being written: it is rewritten in place. `procStart` is the start time of proc(5), in ticks since boot. */
  #read(pid: number): StatusFile | "stale" | null {
    const text = readSmall(join(this.#directory, `${pid}.json`), limits.statusFileBytes)
    if (text === null) return "stale"
    const file = Option.getOrNull(decode(text))
    if (file === null || file.pid !== pid) return null
    const row = readProcess(pid)
    return row === null || row.zombie || String(row.startTime) !== file.procStart ? "stale" : file
  }
}

const StatusFile = Schema.Struct({
  pid: Schema.Int,
  procStart: Schema.String,
  sessionId: Schema.optionalKey(Schema.String),
  status: Schema.optionalKey(Schema.String),
  waitingFor: Schema.optionalKey(Schema.String)
})
type StatusFile = typeof StatusFile.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(StatusFile))

/** `shell`: it runs a command that the person typed. */
const activities: ReadonlyMap<string, Activity> = new Map([
  ["idle", "idle"],
  ["busy", "working"],
  ["shell", "working"],
  ["waiting", "waiting"]
])

const activityOf = ({ status = "", waitingFor = "" }: StatusFile): Observation => {
  const activity = activities.get(status)
  if (activity === undefined)
    return { type: "Unknown", kind: "status", raw: JSON.stringify({ status, waitingFor }).slice(0, limits.unknownRawChars) }
  const kind = /permission|sandbox/i.test(waitingFor) ? ("permission" as const) : ("input" as const)
  // It names the kind of question alone: other sources report what is asked.
  return { type: "Activity", activity, question: activity === "waiting" ? { kind, text: "", choices: [] } : null }
}
