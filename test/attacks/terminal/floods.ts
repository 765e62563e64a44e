/** Attacks by what an agent prints without end: bombs of a few bytes and floods, each on the largest screen that there is. */
import { readFileSync } from "node:fs"
import { until } from "../../support/daemon.ts"
import type { Attack, Ground } from "../attack.ts"
import { measured } from "../measure.ts"

const endless = (bytes: string) => `yes "$(printf '${bytes}')" | tr -d '\\n'`

const floods: Readonly<Record<string, string>> = {
  "scrolls by 2³¹−1 lines, endlessly": endless("\\033[2147483647S\\033[2147483647T"),
  "inserts and deletes 2³¹−1 lines, endlessly": endless("\\033[H\\033[2147483647L\\033[2147483647M"),
  "repeats a character 2³¹−1 times, endlessly": endless("x\\033[2147483647b"),
  "inserts, deletes and erases 2³¹−1 characters, endlessly": endless("\\033[2147483647@\\033[2147483647P\\033[2147483647X"),
  "moves by 2³¹−1 tab stops, endlessly": endless("\\033[2147483647I\\033[2147483647Z"),
  "clears a screen that it has just filled, endlessly": endless("\\033[2J\\033[H\\033[1000Lx"),
  "resets its terminal, endlessly": endless("\\033c"),
  "fills the screen with the test of its alignment, endlessly": endless("\\033#8"),
  "switches between its two screens, endlessly": endless("\\033[?1049h\\033[?1049l"),
  "shifts the whole screen by columns, endlessly": endless("\\033[1000 @\\033[1000 A"),
  "asks for the cursor, endlessly": endless("\\033[6n"),
  "opens a link after another, endlessly": endless("\\033]8;id=1;http://a.example/\\007x"),
  "sets a title after another, endlessly": "i=0; while :; do printf '\\033]0;title %d\\007' $((i+=1)); done",
  "writes a title that never ends": "printf '\\033]0;'; yes xxxxxxxxxxxxxxxxxxxxxxxx | tr -d '\\n'",
  "writes a control string that never ends": "printf '\\033P+q'; yes 544e544e544e544e544e544e | tr -d '\\n'",
  "writes a picture's string that never ends": "printf '\\033_Ga=T;'; yes AAAAAAAAAAAAAAAAAAAAAAAA | tr -d '\\n'",
  "writes parameters that never end": "printf '\\033['; yes '1;2;3;4;5;6;7;8;9;' | tr -d '\\n'",
  "writes sub-parameters that never end": "printf '\\033[38'; yes ':2:3:4:5:6:7:8:9' | tr -d '\\n'",
  "piles marks on one cell, endlessly": "printf 'e'; yes \"$(printf '\\u0301\\u0302\\u0303')\" | tr -d '\\n'",
  "joins emoji by U+200D, endlessly": "yes \"$(printf '\\U0001F469\\u200d')\" | tr -d '\\n'",
  "writes no UTF-8, endlessly": "cat /dev/urandom",
  "writes zeros, endlessly": "cat /dev/zero"
}

const flooded = (number: number, does: string, command: string): Attack => ({
  id: `terminal-${number}`,
  attacker: "agent",
  does: `${does}, on 1000×1000 cells`,
  promise: "goes on with everybody else, and draws it or says screen_unavailable",
  run: async (ground) => {
    const { daemon } = ground
    const { id } = await daemon.create(["bash", "-c", `sleep 0.2; ${command}`], { size: { cols: 1_000, rows: 1_000 } })
    try {
      await until("the flood has begun", async () => (await daemon.session(id)).outputOffset > 0 || (await outputEnd(ground, id)) > 0)
      const screen = new Promise((resolve) => setTimeout(resolve, 1_000)).then(() => screenOf(ground, id))
      const { echo, health } = await measured(ground, 2_500)
      const megabytes = Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))?.[1]) / 1_024
      const said = await screen
      const stoppedAt = performance.now()
      await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      const stopMs = performance.now() - stoppedAt
      const outcome = `echo p99 ${ms(echo)}, /healthz p99 ${ms(health)}, ${Math.round(megabytes)} MB, killed in ${ms(stopMs)}, screen: ${said}`
      if (echo > boundMs || health > boundMs || stopMs > boundMs || megabytes > boundMegabytes) throw new Error(outcome)
      return outcome
    } finally {
      await daemon.ask("POST", `/v1/sessions/${id}/kill`, {})
    }
  }
})

/** For a machine that is busy with something else; the figures are in the outcome. */
const boundMs = 10_000
const boundMegabytes = 600

const ms = (figure: number) => `${Math.round(figure)} ms`

const outputEnd = async ({ daemon }: Ground, id: string) =>
  (await daemon.ask("GET", `/v1/sessions/${id}/output?from=${Number.MAX_SAFE_INTEGER}`)).status === 416 ? 1 : 0

/** `200`, or why there is none; whatever comes within the time of a request. */
const screenOf = async ({ daemon }: Ground, id: string): Promise<string> => {
  const answer = await daemon.ask("GET", `/v1/sessions/${id}/screen?format=json`).catch(() => null)
  if (answer === null) return "late"
  return answer.status === 200
    ? `drawn at ${(answer.body as { readonly offset: number }).offset}`
    : String((answer.body as { readonly code: string }).code)
}

export const floodAttacks: ReadonlyArray<Attack> = Object.entries(floods).map(([does, command], place) =>
  flooded(place + 101, does, command)
)
