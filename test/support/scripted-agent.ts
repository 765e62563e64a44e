/**
 * An agent with every awkward habit, run in a terminal of its own: it takes prompts, works on them for a while, and writes down
 * exactly what it was given. Habits are words on its command line:
 *   record=FILE   one JSON line for each prompt it took
 *   work=MS       how long a turn lasts (default 5)
 *   start=MS      how long it takes to be ready, deaf until then
 *   silent        says nothing of itself (no OSC 7501)
 *   asked         says nothing of itself until somebody answers its query
 *   eats=N        the first N Enters do nothing
 *   dies=TEXT     exits with 9 in the middle of a turn for a prompt that contains TEXT
 *   asks=TEXT     asks for a permission in a turn for a prompt that contains TEXT, and waits for `y`
 */
import { appendFileSync } from "node:fs"

const habits = new Map(process.argv.slice(2).map((word) => [word.split("=", 1)[0]!, word.slice(word.indexOf("=") + 1)]))
const ms = (habit: string, otherwise: number) => Number(habits.get(habit) ?? otherwise)
const pause = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration))

let telling = !habits.has("silent") && !habits.has("asked")
const say = (state: string, message?: string) => {
  if (!telling) return
  const msg = message === undefined ? "" : `:kind=permission:msg=${Buffer.from(message).toString("base64")}`
  process.stdout.write(`\x1b]7501;state=${state}:app=scripted${msg}\x1b\\`)
}

let composer = ""
let enters = 0
let answered = () => {}
const waiting: Array<string> = []

const take = (typed: string) => {
  let rest = typed
  if (rest.includes("\x1b]7501;?\x1b\\")) {
    rest = rest.replaceAll("\x1b]7501;?\x1b\\", "")
    telling = true
    say("idle")
  }
  for (const character of rest.replaceAll("\x1b[200~", "").replaceAll("\x1b[201~", "")) {
    if (character !== "\r") composer += character
    else if (composer === "y") {
      composer = ""
      answered()
    } else {
      enters += 1
      if (enters <= ms("eats", 0)) continue
      waiting.push(composer)
      composer = ""
    }
  }
}

const turn = async (text: string) => {
  say("working")
  if (habits.has("record")) appendFileSync(habits.get("record")!, `${JSON.stringify({ text })}\n`)
  if (habits.has("asks") && text.includes(habits.get("asks")!)) {
    say("blocked", "may I?")
    await new Promise<void>((resolve) => {
      answered = resolve
    })
    say("working")
  }
  await pause(ms("work", 5))
  if (habits.has("dies") && text.includes(habits.get("dies")!)) process.exit(9)
  process.stdout.write(`took ${text.length} characters\r\n`)
  say("done")
}

process.stdin.setRawMode(true)
await pause(ms("start", 0))
process.stdin.setEncoding("utf8").on("data", take)
if (habits.has("asked")) process.stdout.write("\x1b]7501;?\x1b\\")
process.stdout.write("ready\r\n")
say("idle")
for (;;) {
  const text = waiting.shift()
  if (text === undefined) await pause(2)
  else await turn(text)
}
