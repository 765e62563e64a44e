/**
 * An agent with every awkward habit, run in a terminal of its own: it takes prompts, works on them for a while, and writes down
 * exactly what it was given. Habits are words on its command line:
 *   record=FILE   one JSON line for each prompt it took
 *   answers=FILE  one JSON line for each answer to its questions
 *   work=MS       how long a turn lasts (default 5)
 *   start=MS      how long it takes to be ready, deaf until then
 *   silent        says nothing of itself (no OSC 7501)
 *   asked         says nothing of itself until a terminal answers its query
 *   rests         says `idle` when a turn is over, and never `done`
 *   heeds         ends its turn at Ctrl-C
 *   titled        says nothing of itself but by the title over its window: `busy …` and `at rest`
 *   drawn         says nothing of itself but by what it draws: `(working)` and a composer
 *   eats=N        the first N Enters do nothing
 *   bracketed     asks for bracketed pastes, and presses no Enter that is within one
 *   collapses     shows a paste as `[pasted 12 lines]`
 *   chatty        prints while one types
 *   history=FILE  keeps every prompt there, and prints them all again when it starts
 *   stubborn      ignores SIGHUP, SIGTERM and SIGINT
 *   dies=TEXT     exits with 9 in the middle of a turn for a prompt that contains TEXT
 *   asks=TEXT     asks for a permission in a turn for a prompt that contains TEXT, and waits for `y`
 *   offers=A|B    what it offers then: a number picks one at once, Escape declines, and keys of the first 100 ms are swallowed
 *   opens=TEXT    opens a dialog of those as soon as TEXT is in its composer; arrows and Enter choose
 *   hesitates=MS  opens that dialog so much later
 *   draws=MS      says that it asks, and draws its dialog so much later: keys that come before are swallowed
 *   distrusts     asks first whether its folder can be trusted: arrows and Enter choose, and "No, exit" is marked
 *   new=ID, resume=ID, parent=ID   the conversation that it begins, goes on with, or branches from: said in its first line
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs"

if (process.argv.includes("--version")) {
  console.log("scripted 1.2.3")
  process.exit(0)
}

const habits = new Map(process.argv.slice(2).map((word) => [word.split("=", 1)[0]!, word.slice(word.indexOf("=") + 1)]))
const ms = (habit: string, otherwise: number) => Number(habits.get(habit) ?? otherwise)
const pause = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration))
/** Into the file that a habit names. */
const keep = (habit: string, entry: unknown) => {
  const file = habits.get(habit)
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`)
}

if (habits.has("stubborn")) for (const signal of ["SIGHUP", "SIGTERM", "SIGINT"]) process.on(signal, () => {})

/** What distinguishes its own words from those of a file that is shown. */
const secret = process.env.REPRISE_NONCE === undefined ? "" : `:nonce=${process.env.REPRISE_NONCE}`
let telling = !["silent", "asked", "titled", "drawn"].some((habit) => habits.has(habit))
const drawings: Readonly<Record<string, string>> = { working: "\r\n(working)\r\n", idle: "\r\n> composer\r\n", done: "\r\n> composer\r\n" }
const say = (state: string, message?: string) => {
  if (habits.has("titled")) process.stdout.write(`\x1b]2;${state === "working" ? "busy with it" : "at rest"}\x07`)
  if (habits.has("drawn")) process.stdout.write(`\x1b[2J\x1b[H${drawings[state] ?? ""}`)
  if (!telling) return
  const msg = message === undefined ? "" : `:kind=permission:msg=${Buffer.from(message).toString("base64")}`
  process.stdout.write(`\x1b]7501;state=${state}:app=scripted${msg}${secret}\x1b\\`)
}

let composer = ""
let pasted: string | null = null
let enters = 0
interface Dialog {
  readonly choices: ReadonlyArray<string>
  readonly from: number
  readonly answered: (answer: string) => void
  /** The choice that Enter takes, where arrows choose. */
  marked?: number
}
let question: Dialog | null = null
const waiting: Array<string> = []

const submit = () => {
  enters += 1
  if (enters <= ms("eats", 0)) return
  waiting.push(composer)
  composer = ""
}

/** A dialog takes single keys, and none of those that were pressed before a person could have read it. */
const press = (character: string) => {
  if (question === null || performance.now() < question.from) return
  const choice = character === "\x1b" ? "declined" : question.choices[Number(character) - 1]
  if (choice !== undefined) question.answered(choice)
}

/** What a dialog with a mark takes; keys that it does not know are lost. */
const mark = (key: string, { answered, choices, marked = 0 }: Dialog) => {
  if (key === "\x1b[B") question!.marked = Math.min(marked + 1, choices.length - 1)
  else if (key === "\r") answered(choices[marked]!)
  else if (key === "\x1b") answered("declined")
}

const opens = async (choices: ReadonlyArray<string>) => {
  await pause(ms("hesitates", 0))
  const answer = await new Promise<string>((answered) => {
    question = { choices, from: 0, answered, marked: 0 }
    process.stdout.write("\r\nA dialog opens\r\n")
    say("blocked", "may I?")
  })
  question = null
  keep("answers", answer)
  say("idle")
}

const type = (character: string) => {
  if (question !== null && question.choices.length > 0) return press(character)
  if (character !== "\r") composer += character
  else if (question !== null && composer === "y") {
    composer = ""
    question.answered("y")
  } else submit()
}

const openingPaste = "\x1b[200~"
const closingPaste = "\x1b[201~"

const take = (typed: string) => {
  let rest = typed
  if (habits.has("chatty")) process.stdout.write("(did you type?)")
  if (rest.includes("\x1b]7501;?\x1b\\")) {
    rest = rest.replaceAll("\x1b]7501;?\x1b\\", "")
    telling = true
    say("idle")
  }
  if (rest === "\x03" && interrupt !== null) return interrupt()
  if (!habits.has("bracketed")) rest = rest.replaceAll(openingPaste, "").replaceAll(closingPaste, "")
  while (rest !== "") {
    if (pasted !== null) {
      const all: string = pasted + rest
      const end = all.indexOf(closingPaste)
      pasted = end === -1 ? all : null
      rest = end === -1 ? "" : all.slice(end + closingPaste.length)
      if (end === -1) continue
      const text = all.slice(0, end)
      composer += text
      if (habits.has("opens") && text.includes(habits.get("opens")!)) void opens(["Delete all", "Keep all"])
      process.stdout.write(habits.has("collapses") ? `[pasted ${text.split("\n").length} lines]` : "")
    } else if (rest.startsWith(openingPaste)) {
      pasted = ""
      rest = rest.slice(openingPaste.length)
    } else if (question?.marked !== undefined) {
      const [key] = /^(?:\x1b\[B|.)/su.exec(rest)!
      mark(key, question)
      rest = rest.slice(key.length)
    } else {
      const [character] = rest as unknown as [string]
      type(character)
      rest = rest.slice(character.length)
    }
  }
}

const ask = async (choices: ReadonlyArray<string>) => {
  const answer = await new Promise<string>((answered) => {
    question = { choices, from: performance.now() + ms("draws", 0) + 100, answered }
    const offered = choices.map((choice, index) => `${index === 0 ? "❯" : " "} ${index + 1}. ${choice}\r\n`).join("")
    const draw = () => process.stdout.write(choices.length === 0 ? "" : `\r\nMay I do it?\r\n${offered}`)
    if (habits.has("draws")) setTimeout(draw, ms("draws", 0))
    else draw()
    say("blocked", "may I?")
  })
  question = null
  keep("answers", answer)
  say("working")
}

/** Its turn ends, as if it were done. */
const interrupted = () =>
  new Promise<void>((end) => {
    interrupt = habits.has("heeds") ? end : null
  })
let interrupt: (() => void) | null = null

const askForTrust = async () => {
  const answer = await new Promise<string>((answered) => {
    question = { choices: ["No, exit", "Yes, I trust this folder"], from: 0, answered, marked: 0 }
    process.stdout.write("\r\nIs this a folder you trust?\r\n❯ No, exit\r\n  Yes, I trust this folder\r\n")
    say("blocked", "trust this folder")
  })
  question = null
  keep("answers", answer)
  if (!answer.startsWith("Yes")) process.exit(1)
}

const turn = async (text: string) => {
  say("working")
  keep("record", { text })
  keep("history", text)
  if (habits.has("asks") && text.includes(habits.get("asks")!))
    await ask((habits.get("offers") ?? "").split("|").filter((word) => word !== ""))
  await Promise.race([pause(ms("work", 5)), interrupted()])
  if (habits.has("dies") && text.includes(habits.get("dies")!)) process.exit(9)
  process.stdout.write(`took ${text.length} characters\r\n`)
  say(habits.has("rests") ? "idle" : "done")
}

process.stdin.setRawMode(true)
await pause(ms("start", 0))
process.stdin.setEncoding("utf8").on("data", take)
if (habits.has("asked")) process.stdout.write("\x1b]7501;?\x1b\\")
if (habits.has("bracketed")) process.stdout.write("\x1b[?2004h")
if (habits.has("distrusts")) await askForTrust()
const history = habits.get("history")
if (history !== undefined && existsSync(history))
  for (const line of readFileSync(history, "utf8").trim().split("\n")) process.stdout.write(`> ${JSON.parse(line)}\r\n`)
const named = ["new", "resume", "parent"].flatMap((word) => (habits.has(word) ? [` ${word}=${habits.get(word)}`] : []))
process.stdout.write(`ready${named.join("")}\r\n`)
say("idle")
for (;;) {
  const text = waiting.shift()
  if (text === undefined) await pause(2)
  else await turn(text)
}
