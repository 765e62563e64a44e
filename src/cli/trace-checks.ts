/** What only the commands need that decide: traces read from files, and what is found in them told to people and to programs. */
import { createReadStream } from "node:fs"
import { Effect, Stream } from "effect"
import { iso } from "../domain/time.ts"
import { type Divergence, makeVerification, type Outcome, type Verdict } from "../domain/trace/verify.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import { Failure } from "./failures.ts"
import type { Paint } from "./text/colour.ts"
import { oneLine } from "./text/sanitise.ts"

export const verdictOf = (path: string): Effect.Effect<Verdict, Failure> =>
  Effect.suspend(() => {
    const verification = makeVerification(stateHash)
    return pieces(path).pipe(
      Stream.map(verification.push),
      Stream.filter((verdict) => verdict !== null),
      Stream.runHead,
      Effect.map((parted) => (parted._tag === "Some" ? parted.value : verification.end()))
    )
  })

export const pieces = (path: string): Stream.Stream<Uint8Array, Failure> =>
  Stream.fromAsyncIterable(
    createReadStream(path) as AsyncIterable<Uint8Array>,
    (cause) => new Failure({ message: `${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}` })
  )

export const verdictJson = (file: string, verdict: Verdict): object => {
  const { _tag, ...told } = verdict
  if (_tag === "TraceUnreadable") return { file, verdict: "unreadable", line: verdict.line, code: verdict.code, detail: verdict.reason }
  return { file, verdict: _tag === "Same" ? "same" : "diverged", ...told }
}

export const verdictLines = (file: string, verdict: Verdict, paint: Paint): ReadonlyArray<string> => {
  switch (verdict._tag) {
    case "TraceUnreadable":
      return [`${paint.red("unreadable")}  ${file}: ${oneLine(verdict.message)}`]
    case "Same":
      return [`${paint.green("same")}        ${file}: ${verdict.facts} facts of ${verdict.steps} inputs${titled(verdict.title)}`]
    case "Diverged":
      return [`${paint.red("diverged")}    ${file}: ${place(verdict)}${titled(verdict.title)}`, ...details(verdict, paint)]
  }
}

const titled = (title: string | null) => (title === null ? "" : ` (${oneLine(title)})`)

const place = ({ line, seq, what }: Divergence) => {
  const other = { facts: "another fact", effects: "other obligations", state: "another state" }[what]
  return `${other} at ${seq}, line ${line}`
}

const details = ({ input, present, recorded, state, stateKnown, wallMs }: Divergence, paint: Paint): ReadonlyArray<string> => [
  `  input     ${iso(wallMs)} ${oneLine(JSON.stringify(input))}`,
  ...outcome("recorded", recorded),
  ...(typeof present === "string" ? [`  present   ${oneLine(present)}`] : outcome("present", present)),
  ...(stateKnown ? [] : ["  state     as recorded it is known by its fingerprint alone"]),
  ...state
    .slice(0, mostDifferences)
    .flatMap((place) => [
      `  ${oneLine(place.path)}`,
      ...(place.recorded === null ? [] : [`    ${paint.red(`- ${oneLine(place.recorded)}`)}`]),
      ...(place.present === null ? [] : [`    ${paint.green(`+ ${oneLine(place.present)}`)}`])
    ]),
  ...(state.length > mostDifferences ? [`  and ${state.length - mostDifferences} more`] : [])
]

const mostDifferences = 30

const outcome = (label: string, { effects, facts }: Outcome): ReadonlyArray<string> => [
  ...facts.map(({ data, type }, index) => `  ${(index === 0 ? label : "").padEnd(9)} ${type} ${oneLine(JSON.stringify(data))}`),
  ...(effects ?? []).map((effect) => `  ${"".padEnd(9)} → ${oneLine(JSON.stringify(effect))}`)
]
