/** For the commands that decide: reads traces from files, and prints findings for people and programs. */
import { Effect, Result, Stream } from "effect"
import { iso } from "../domain/time.ts"
import { type Change, makeBacktest } from "../domain/trace/backtest.ts"
import { type Policies, policiesOf, policyNames } from "../domain/trace/policies.ts"
import { type Divergence, makeVerification, type Outcome, type Verdict } from "../domain/trace/verify.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import { FileRefused } from "../infra/regular-file.ts"
import { Failure } from "./failures.ts"
import { readableFile } from "./in-file.ts"
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
  Stream.unwrap(
    Effect.try({
      try: () => Stream.fromAsyncIterable(readableFile(path) as AsyncIterable<Uint8Array>, unreadable(path)),
      catch: unreadable(path)
    })
  )

const unreadable = (path: string) => (cause: unknown) =>
  new Failure({
    message: cause instanceof FileRefused ? cause.message : `${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`
  })

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

export const policiesNamed = (words: ReadonlyArray<string>): Result.Result<Policies, string> => {
  const known = `such as --keepalive.maxAttempts 5; there are: ${policyNames.join(", ")}`
  if (words.length === 0) return Result.fail(`no policy to try: expected names and values, ${known}`)
  const bare = words.find((word) => !/^[^=]+=./s.test(word))
  if (bare !== undefined) return Result.fail(`--policy ${bare}: expected a name and a value, ${known}`)
  const wishes = words.map((word) => ({ name: word.slice(0, word.indexOf("=")), value: word.slice(word.indexOf("=") + 1) }))
  return Result.mapError(policiesOf(wishes), ({ message }) => message)
}

type Tested = ReturnType<ReturnType<typeof makeBacktest>["end"]>

export const backtestOf = (path: string, policies: Policies): Effect.Effect<Tested, Failure> =>
  Effect.suspend(() => {
    const backtest = makeBacktest(policies, stateHash)
    return pieces(path).pipe(Stream.takeUntil(backtest.push), Stream.runDrain, Effect.map(backtest.end))
  })

export const backtestJson = (file: string, tested: Tested): object => {
  if (tested._tag === "TraceUnreadable") return verdictJson(file, tested)
  const { _tag, ...told } = tested
  return { file, verdict: _tag === "Unfit" ? "unfit" : "backtested", ...told }
}

export const backtestLines = (file: string, tested: Tested, paint: Paint): ReadonlyArray<string> => {
  if (tested._tag === "TraceUnreadable") return verdictLines(file, tested, paint)
  if (tested._tag === "Unfit") return [`${paint.red("unfit")}       ${file}: line ${tested.line}: ${tested.reason}`]
  const { changes, inputs, parted, pending, title } = tested
  const count = `${changes.length} other ${changes.length === 1 ? "decision" : "decisions"}`
  const word = changes.length === 0 && parted === null ? paint.green("same") : paint.yellow("other")
  return [
    `${word}  ${file}: ${count} over ${inputs} inputs${titled(title)}`,
    ...changes.flatMap((change) => changeLines(change, paint)),
    ...(pending === null ? [] : [`  at the end ${pending.present ?? "nothing"} would be waited for, not ${pending.recorded ?? "nothing"}`]),
    ...(parted === null ? [] : [`  ${iso(parted.wallMs)} ${paint.bold(parted.why)}; from here on the recording says nothing`])
  ]
}

const changeLines = ({ input, present, recorded, seq, wallMs, within }: Change, paint: Paint): ReadonlyArray<string> => [
  `  ${iso(wallMs)} ${oneLine(input)}${seq === null ? "" : ` (${seq})`}`,
  ...(within.length > 0
    ? within.map(
        ({ path, present, recorded }) =>
          `    ${oneLine(path.replace(/^\d+\./, ""))}: ${paint.red(oneLine(recorded ?? "none"))} → ${paint.green(oneLine(present ?? "none"))}`
      )
    : [
        ...factLines(recorded, present).map((line) => `    ${paint.red(`- ${line}`)}`),
        ...factLines(present, recorded).map((line) => `    ${paint.green(`+ ${line}`)}`)
      ])
]

/** Those that the other side has not. */
const factLines = (facts: Change["present"], others: Change["present"]): ReadonlyArray<string> => {
  const lines = (of: Change["present"]) => of.map(({ data, type }) => `${type} ${oneLine(JSON.stringify(data))}`)
  const own = lines(facts).filter((line) => !lines(others).includes(line))
  return own.length === 0 ? ["nothing"] : own
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
