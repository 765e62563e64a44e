/** Whether the screen shows another question where one is open: its text, its choices or what it is about has changed. */
import { limits } from "../domain/limits.ts"
import type { Question } from "../domain/observations.ts"
import { subjectOf } from "../domain/providers/subject.ts"
import type { SessionContext } from "../domain/session-context.ts"

interface Shown {
  /** A question that the screen alone reports has no id at its first look. */
  readonly id: string | undefined
  readonly question: Question
  readonly subject: string
  /** It was reported as another question, whose id comes of that report. */
  readonly isNew: boolean
}

/** One for each screen that is watched. */
export const makeRedrawn = (context: () => Pick<SessionContext, "activity">) => {
  let last: Shown | null = null
  /** When the subject alone changed: something that moves on the screen is no new question each time. */
  let changes: ReadonlyArray<number> = []
  const isAnother = (before: string, subject: string, nowMs: number) => {
    if (before === "" || subject === "" || before === subject) return false
    changes = [...changes.filter((at) => nowMs - at < limits.subjectChangesMs), nowMs]
    return changes.length <= limits.subjectChanges
  }
  return (question: Question, lines: ReadonlyArray<string>, nowMs: number): boolean => {
    const { asked, source, value } = context().activity
    const before = value === "waiting" && asked !== undefined ? last : null
    const subject = subjectOf(lines, question.choices)
    const isSame = before !== null && (before.isNew || before.id === asked?.id || (before.id === undefined && source === "screen"))
    const isNew = isSame && (differs(before.question, question) || isAnother(before.subject, subject, nowMs))
    const shown = { id: value === "waiting" ? asked?.id : undefined, question, subject, isNew }
    last = before === null || !isSame || isNew ? shown : { ...shown, ...kept(before, shown) }
    return isNew
  }
}

/** A dialog is drawn piece by piece: what is not there yet is as it was. And the report of another question may still be on its way. */
const kept = (before: Shown, { id, question, subject }: Shown): Partial<Shown> => ({
  ...(before.isNew && before.id === id ? { isNew: true } : {}),
  ...(question.choices.length === 0 ? { question: { ...question, choices: before.question.choices } } : {}),
  ...(subject === "" ? { subject: before.subject } : {})
})

/** More of the same question may be drawn a moment later. */
const differs = (before: Question, now: Question) =>
  before.text !== now.text || (before.choices.length > 0 && now.choices.length > 0 && before.choices.join("\n") !== now.choices.join("\n"))
