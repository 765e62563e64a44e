/** What an agent is, as data: how it is launched, known to be ready, prompted, answered, resumed and ended. Users write the same in JSON. */
import { Schema } from "effect"
import { Activity } from "../activity.ts"
import { limits } from "../limits.ts"
import { Question } from "../observations.ts"
import { Keepalive, Ladder } from "../spec.ts"
import { faultOf } from "./patterns.ts"

/** A regular expression of RE2: `^` and `$` are those of a line. */
export const Pattern = Schema.String.check(
  Schema.isMaxLength(limits.patternChars),
  Schema.makeFilter<string>((source) => {
    const fault = faultOf(source)
    return fault === null || `must be a regular expression of RE2 (no look-around, no back-references): ${fault}`
  })
)

/** A word with places in braces to be filled in; braces around anything but a lower-case name are themselves. */
const template = (...known: ReadonlyArray<string>) =>
  Schema.String.check(
    Schema.isMaxLength(limits.commandChars),
    Schema.makeFilter<string>((word) => {
      const unknown = placesIn(word).find((place) => !known.includes(place))
      return (
        unknown === undefined || `{${unknown}} is no place that can be filled in here: ${known.map((place) => `{${place}}`).join(", ")}`
      )
    })
  )
const words = (...known: ReadonlyArray<string>) => Schema.Array(template(...known)).check(Schema.isMaxLength(limits.commandWords))

/** `{directory}` is the private directory of the session, `{hook}` the command that hooks call, quoted for a POSIX shell. */
const Template = template("directory", "hook")
const Words = words("directory", "hook")

const Choosing = template("n", "down")

export const placesIn = (word: string): ReadonlyArray<string> => [...word.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name!)

/** What a line of the title or of the screen says. The first rule that matches counts, and of a question its lowest match. */
export const Rule = Schema.Struct({
  pattern: Pattern,
  activity: Activity,
  /** What is asked, where the rule means a question; its text is the group named `text`, or the whole match. */
  question: Schema.optionalKey(Question.fields.kind),
  /** Where the rule holds only of an agent that begins a conversation, or only of one that goes on with one. */
  when: Schema.optionalKey(Schema.Literals(["fresh", "resumed"])),
  /** The rule does not hold where this matches too: an agent whose composer is on the screen asks nothing, whatever its conversation quotes. */
  unless: Schema.optionalKey(Pattern),
  /** The first row of a dialog: the rule reads only what stands from its lowest match on, and the whole screen where there is none. */
  below: Schema.optionalKey(Pattern),
  /** The rule reads only what stands on a panel: a rectangle with a background of its own that is drawn over the screen. */
  panel: Schema.optionalKey(Schema.Boolean),
  /**
   * Each match behind the question's text is something to choose; its first group is what stands there. Where it is left out, choices
   * are rows with numbers, or rows of which a sign or a background marks one.
   */
  choices: Schema.optionalKey(Pattern)
})
export type Rule = typeof Rule.Type

export const Provider = Schema.Struct({
  id: Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9-]*$/), Schema.isMaxLength(64)),
  title: Schema.String.check(Schema.isMaxLength(limits.nameChars)),
  /** What is launched when a create names no command; null: a create must name one. */
  command: Schema.NullOr(Schema.NonEmptyArray(Schema.String)),
  /** What a person types to install it; null where there is nothing to install. */
  install: Schema.NullOr(Schema.String),
  /** How it prints its version, and the versions that these rules were confirmed with. */
  version: Schema.NullOr(Schema.Struct({ args: Words, confirmed: Schema.Array(Schema.String) })),
  /**
   * Given to every launch, beside what the user asked for. `scrub`: names, or prefixes ending in `*`, that no child inherits.
   * `directories`: what must be there before it.
   */
  launch: Schema.Struct({
    args: Words,
    env: Schema.Record(Schema.String, Template),
    scrub: Schema.Array(Schema.String),
    directories: Words
  }),
  /**
   * What outlives a process, and how it is named on the command line. `chosen`: we name it (a UUID) before the launch; `reported`: the
   * agent does, and evidence reports it. Null: there is none, and a relaunch begins a new one. `{conversation}` is its id, `{parent}` the id
   * of the one that it is forked from.
   */
  conversation: Schema.NullOr(
    Schema.Struct({
      named: Schema.Literals(["chosen", "reported"]),
      fresh: words("directory", "hook", "conversation"),
      resume: words("directory", "hook", "conversation"),
      fork: Schema.NullOr(words("directory", "hook", "conversation", "parent"))
    }).check(
      Schema.makeFilter(
        ({ fork, fresh, named }) =>
          named === "chosen" ||
          ![...fresh, ...(fork ?? [])].some((word) => placesIn(word).includes("conversation")) ||
          "a conversation that the agent names has no {conversation} before it is resumed"
      )
    )
  ),
  /** Evidence that the agent takes input, beside any word on its activity. The first that comes true counts; none in time is a failed launch. */
  ready: Schema.Struct({
    firstOutput: Schema.Boolean,
    /** Alive for so long counts as ready; null where only better evidence does. */
    aliveMs: Schema.NullOr(Schema.Int)
  }),
  /**
   * How a prompt is typed: as a bracketed paste where the terminal's program asked for one, and Enter apart from it after a
   * pause, since several agents only insert what comes in one write. `commands`: a line that begins with `/` is typed as keys are.
   * `backslash`: a text that ends in one gets a space behind it, since the agent reads backslash and Enter as a new line.
   * `clear`: keys that empty the composer, typed first; an interrupted agent may have put the last prompt back into it.
   */
  submit: Schema.Struct({
    bracketed: Schema.Boolean,
    enterAfterMs: Schema.Int,
    commands: Schema.Boolean,
    backslash: Schema.Boolean,
    clear: Schema.String
  }),
  /** The bytes a person would type to interrupt what it is doing. */
  interrupt: Schema.String,
  /** Typed again after so long, where the first only warns; null where once is enough. */
  interruptAgainMs: Schema.NullOr(Schema.Int),
  /**
   * What is typed to answer a question, by choice: `{n}` is the choice's number from 1, `{down}` an arrow for each choice above it;
   * `choose` is null where none can be picked so. Null: a text and Enter. Keys that come in the first `settleMs` of a question are
   * swallowed by some. `dialogs`: those that take other keys, known by the choice in them that `allow` stands for.
   */
  answers: Schema.NullOr(
    Schema.Struct({
      allow: Schema.String,
      deny: Schema.String,
      choose: Schema.NullOr(Choosing),
      settleMs: Schema.Int,
      dialogs: Schema.optionalKey(Schema.Array(Schema.Struct({ allow: Pattern, choose: Choosing })))
    })
  ),
  /** The line that switches the model, `{model}` filled in; null where there is none. */
  model: Schema.NullOr(template("model")),
  ladder: Ladder,
  keepalive: Keepalive,
  /** What reports on it beside OSC 7501, which every agent may speak. The names are those of the readers that this program has. */
  evidence: Schema.Struct({
    hooks: Schema.NullOr(Schema.Literals(["claude-code", "gemini", "opencode", "pi"])),
    transcript: Schema.NullOr(Schema.Literals(["claude-code", "codex", "gemini", "pi"])),
    status: Schema.NullOr(Schema.Literals(["claude-code"])),
    /**
     * Its marks say `done` at the end of each turn, so that `idle` alone means that the turn was interrupted. Without this field an agent
     * counts as one of those from its first `done` on.
     */
    saysDone: Schema.optionalKey(Schema.Boolean),
    titles: Schema.Array(Rule),
    screen: Schema.Array(Rule)
  })
})
export type Provider = typeof Provider.Type
