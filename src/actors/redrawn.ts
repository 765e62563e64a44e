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
}

/** One for each screen that is watched. */
export const makeRedrawn = (context: () => Pick<SessionContext, "activity">) => {
  let last: Shown | null = null
  /** When the subject alone changed: something that moves on the screen is no new question each time. */
  let changes: ReadonlyArray<number> = []
  return (question: Question, lines: ReadonlyArray<string>, nowMs: number): boolean => {
    const { asked, source, value } = context().activity
    const before = value === "waiting" && asked !== undefined ? last : null
    last = { id: value === "waiting" ? asked?.id : undefined, question, subject: subjectOf(lines, question.choices) }
    if (before === null || (before.id !== asked?.id && !(before.id === undefined && source === "screen"))) return false
    if (differs(before.question, question)) return true
    if (before.subject === "" || last.subject === "" || before.subject === last.subject) return false
    changes = [...changes.filter((at) => nowMs - at < limits.subjectChangesMs), nowMs]
    return changes.length <= limits.subjectChanges
  }
}

/** More of the same question may be drawn a moment later. */
const differs = (before: Question, now: Question) =>
  before.text !== now.text || (before.choices.length > 0 && now.choices.length > 0 && before.choices.join("\n") !== now.choices.join("\n"))
