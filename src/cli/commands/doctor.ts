/** `reprise doctor`: whether everything the daemon needs is there, each point with what to do about it. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import type { ProviderList } from "../../http/contract/providers.ts"
import { lostLogOf } from "../../infra/lost-log.ts"
import { type Finding, home, machine } from "../checks.ts"
import { connect } from "../daemon.ts"
import { type CommandFailure, ExitWith, exitCodes, type NoDaemon } from "../failures.ts"
import { setting } from "../root.ts"
import { print, printJson } from "../stdio.ts"

export const doctor = Command.make("doctor", {}, () =>
  Effect.gen(function* () {
    const { home: path, json, paint } = yield* setting
    const findings = [...machine(), ...home(path), ...(yield* ofDaemon(path))]
    if (json) yield* printJson(findings)
    else {
      const marks = { ok: paint.green("ok  "), warn: paint.yellow("warn"), fail: paint.red("fail") }
      yield* print(
        ...findings.flatMap(({ advice, level, says }) => [
          `${marks[level]}  ${says}`,
          ...(advice === undefined ? [] : [`      → ${advice}`])
        ])
      )
    }
    if (findings.some(({ level }) => level === "fail")) return yield* new ExitWith({ code: exitCodes.failure })
  })
).pipe(Command.withDescription("Check what the daemon needs, and how it is"))

const ofDaemon = Effect.fnUntraced(function* (path: string) {
  const connected = yield* Effect.result(connect(path))
  if (connected._tag === "Failure") return [...lostLog(path, null), unreachable(connected.failure)] satisfies Array<Finding>
  const { ask, client, file, remark } = connected.success
  const health = yield* Effect.result(ask(client.service.healthz({})))
  if (health._tag === "Failure") {
    return [
      ...lostLog(path, null),
      {
        level: "fail",
        says: `no daemon answers at ${file.url} (pid ${file.pid}): ${health.failure.message}`,
        // The daemon is there where it only did not answer, and its own sentence says how to go on.
        ...(health.failure._tag === "TimedOut" ? {} : { advice: "start one: reprise serve" })
      }
    ] satisfies Array<Finding>
  }
  const findings: Array<Finding> = [
    ...(remark === null ? [] : [{ level: "warn" as const, says: remark }]),
    health.success.pid === file.pid
      ? { level: "ok", says: `the daemon answers: version ${health.success.version}, pid ${file.pid}, ${file.url}` }
      : {
          level: "fail",
          says: `another daemon (pid ${health.success.pid}) answers at ${file.url}`,
          advice: `is ${path}/daemon.json left from an earlier one?`
        }
  ]
  const ready = yield* Effect.result(ask(client.service.readyz({})))
  if (ready._tag === "Failure") return [...findings, unready(path, ready.failure)] satisfies Array<Finding>
  const { diverged, quarantined, recovery, troubled } = ready.success
  const listed = yield* Effect.result(ask(client.sessions.list({ query: { limit: 1 } })))
  if (listed._tag === "Success") findings.push(...lostLog(path, listed.success.data.length))
  findings.push({
    level: recovery.failed === 0 ? "ok" : "warn",
    says: `start-up found ${recovery.expected} sessions: ${recovery.adopted} adopted, ${recovery.exited} had ended, ${recovery.lost} lost, ${recovery.failed} failed`,
    ...(recovery.failed === 0 ? {} : { advice: "the daemon's log says which" })
  })
  if (recovery.quarantinedHolders > 0) {
    findings.push({
      level: "warn",
      says: `${recovery.quarantinedHolders} launches that the log knows nothing of are left running`,
      advice: `identity.json in ${path}/sessions/*/g* names their processes; end by hand those that are not needed`
    })
  }
  for (const { says, session } of troubled) findings.push({ level: "fail", says: `${session}: ${says}` })
  for (const { reason, session } of quarantined) {
    findings.push({
      level: "fail",
      says: `${session} cannot be read: ${reason}`,
      advice: "a newer version wrote it? its agent is left running"
    })
  }
  for (const { reason, seq, session } of diverged) {
    findings.push({
      level: "fail",
      says: `${session} is not what its log says, at fact ${seq}: ${reason}`,
      advice: `compare: reprise state ${session} --at ${seq}`
    })
  }
  const agents = yield* Effect.result(ask(client.providers.list({})))
  if (agents._tag === "Success") findings.push(...agentsOf(agents.success))
  return findings
}, Effect.scoped)

const unreachable = ({ holder, message }: NoDaemon): Finding =>
  holder === undefined ? { level: "warn", says: "no daemon runs", advice: "start one: reprise serve" } : { level: "fail", says: message }

const lostLog = (path: string, known: number | null): ReadonlyArray<Finding> => {
  const lost = lostLogOf(path, known)
  return lost === null ? [] : [{ level: "warn", ...lost }]
}

const unready = (path: string, failure: CommandFailure): Finding => ({
  level: "fail",
  says: `the daemon is not ready: ${failure.message}`,
  ...(failure._tag === "Problem" && failure.code === "log_unavailable"
    ? { advice: `end the daemon: reprise shutdown; put ${path}/reprise.db.rescued or a backup in place of the log, and start again` }
    : {})
})

/** No user needs all of them: a missing one is reported, and no problem. */
const agentsOf = ({ data, problems }: ProviderList): ReadonlyArray<Finding> => [
  ...data.flatMap(({ command, confirmed, install, installed, title }): ReadonlyArray<Finding> => {
    if (command === null) return []
    if (installed === null) return [{ level: "ok", says: `${title} is not installed${install === null ? "" : ` (${install})`}` }]
    const found = `${title} ${installed.version ?? "of an unknown version"} at ${installed.path}`
    if (installed.confirmed || confirmed.length === 0)
      return [{ level: "ok", says: `${found}${confirmed.length === 0 ? "" : ", confirmed"}` }]
    return [
      { level: "warn", says: `${found}, not confirmed`, advice: `what is known of it was seen in ${confirmed.join(", ")}; it may differ` }
    ]
  }),
  ...problems.map(
    ({ field, file, message }): Finding => ({
      level: "warn",
      says: `providers/${file} is not taken: ${field}: ${message}`,
      advice: "mend it, and start the daemon again"
    })
  )
]
