/** Attacks by what makes a prompt wait: a terminal that echoes nothing, and a question that several answers are meant for. */
import { limits } from "../../src/domain/limits.ts"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import { type TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

const begun = async (daemon: TestDaemon, script: string, says: string) => {
  const { id } = await daemon.create(["bash", "--norc", "-c", script], { keepalive: { mode: "never" } })
  await until(`it says ${says}`, async () => (await daemon.output(id)).includes(says))
  await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
  return id
}

const promptOf = async (daemon: TestDaemon, id: string, prompt: string) =>
  (await daemon.done("GET", `/v1/sessions/${id}/prompts/${prompt}`)) as PromptView

const waitsForEcho = async (daemon: TestDaemon, id: string, prompt: string) =>
  until("it says that it waits for the echo", async () => {
    const view = await promptOf(daemon, id, prompt)
    return view.state === "queued" && view.waits?.code === "echo" ? view : null
  })

const kill = async (daemon: TestDaemon, id: string) => {
  await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
  await daemon.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
}

const asksPassword = "read -rsp 'Password: ' secret; echo; echo got=$secret.; read -r line; echo line=$line.; exec cat"
const blocked = (question: string) =>
  `printf '\\033]7501;state=blocked:kind=input:msg=%s:nonce=%s\\007' "$(printf '${question}' | base64 -w0)" "$REPRISE_NONCE"`

const idle = `printf '\\033]7501;state=idle:nonce=%s\\007' "$REPRISE_NONCE"`
const manyQuestions = `for ((n = 0; n < 400; n++)); do ${blocked("Q$n").replace("'Q$n'", '"Q$n"')}; done`

/** A program that prints far faster than a shell: one mark every few milliseconds, each with the time at which it is printed, and `then` at last. */
const floods = (marks: number, everyMs: number, mark: string, then: string) => [
  process.execPath,
  "-e",
  `const say = (fields) => process.stdout.write("\\x1b]7501;" + fields + ":nonce=" + process.env.REPRISE_NONCE + "\\x07")
const asks = (text) => say("state=blocked:kind=input:msg=" + Buffer.from(text).toString("base64"))
process.stdin.on("data", (bytes) => process.stdout.write("typed=" + bytes))
let n = 0
const startedAt = performance.now()
const timer = setInterval(() => {
  for (; n < ${marks} && n * ${everyMs} < performance.now() - startedAt; n++) { ${mark} }
  if (n < ${marks}) return
  clearInterval(timer)
  ${then}
  process.stdout.write("flood is over\\r\\n")
}, 1)`
]
/** A session of that program. */
const flooded = async (daemon: TestDaemon, flood: ReadonlyArray<string>) =>
  (await daemon.create(flood, { keepalive: { mode: "never" } })).id
const untilOver = (daemon: TestDaemon, id: string, meanwhile: () => Promise<unknown> = async () => {}) =>
  until("the flood is over", async () => {
    await meanwhile()
    return (await daemon.output(id)).includes("flood is over")
  })
const readsLines = "while read -r line; do echo line=$line.; done"

/** How the password prompt is passed while a prompt waits. */
const password = (id: string, does: string, between: (daemon: TestDaemon, id: string) => Promise<unknown>): Attack => ({
  id,
  attacker: "agent",
  does: `asks for a password while a prompt is sent, and ${does}`,
  promise: "keeps the prompt queued, says `echo`, lets an explicit input pass, and types the prompt once the terminal echoes",
  isAlone: true,
  run: async () => {
    const { TestDaemon: Daemon } = await import("../support/daemon.ts")
    await using daemon = await Daemon.started()
    const session = await begun(daemon, asksPassword, "Password:")
    await daemon.done("POST", `/v1/sessions/${session}/prompts`, { id: "p", text: "the prompt", deliver: "now" })
    await waitsForEcho(daemon, session, "p")
    refuse((await daemon.types(session)).includes("EchoTurnedOff"), "no fact tells of it")
    await between(daemon, session)
    await waitsForEcho(daemon, session, "p")
    await daemon.done("POST", `/v1/sessions/${session}/input`, { text: "s3cret\r" })
    await until("the prompt is typed", async () => (await daemon.output(session)).includes("line=the prompt."))
    refuse((await daemon.output(session)).includes("got=s3cret."), "the explicit input did not reach the password's question")
    await kill(daemon, session)
    return "queued (echo), then typed behind the password"
  }
})

export const waits: ReadonlyArray<Attack> = [
  password("waits-01", "is answered by an input", async () => {}),
  password("waits-02", "sees the daemon killed and started again", async (daemon) => {
    await daemon.kill()
    await daemon.start()
  }),
  {
    id: "waits-03",
    attacker: "agent",
    does: "asks for a password for ever, with three prompts queued",
    promise: "lets each of them be cancelled, and names the wait of the others",
    run: async ({ daemon }) => {
      const session = await begun(daemon, asksPassword, "Password:")
      for (const id of ["a", "b", "c"]) await daemon.done("POST", `/v1/sessions/${session}/prompts`, { id, text: id, deliver: "now" })
      for (const id of ["a", "b", "c"]) await waitsForEcho(daemon, session, id)
      for (const id of ["a", "b"]) {
        await daemon.done("DELETE", `/v1/sessions/${session}/prompts/${id}`)
        refuse((await promptOf(daemon, session, id)).state === "cancelled", id)
      }
      await daemon.done("POST", `/v1/sessions/${session}/input`, { text: "x\r" })
      await until("the third is typed", async () => (await daemon.output(session)).includes("line=c."))
      await kill(daemon, session)
      return "two cancelled, the third typed"
    }
  },
  {
    id: "waits-04",
    attacker: "stranger",
    does: "sends five answers to one question at once",
    promise: "types one of them, and refuses the others by its name",
    run: async ({ daemon }) => {
      const session = await begun(daemon, `${blocked("which?")}; echo asked; while read -r line; do echo "line=$line."; done`, "asked")
      const { question } = await daemon.reaches(session, "asks", (view) => view.question !== null)
      const send = (id: string) =>
        daemon.ask("POST", `/v1/sessions/${session}/prompts`, { id, text: id, answers: question!.id, deliver: "now" })
      const replies = await Promise.all(["a", "b", "c", "d", "e"].map(send))
      const taken = replies.filter(({ status }) => status === 202)
      refuse(taken.length === 1, `${taken.length} were taken`)
      const first = (taken[0]!.body as PromptView).id
      for (const { body, status } of replies.filter((reply) => reply.status !== 202)) {
        const { code, detail } = body as { readonly code: string; readonly detail: string }
        refuse(status === 409 && code === "answer_under_way" && detail.includes(`prompt ${first} `), `${status} ${code}: ${detail}`)
      }
      await until("it is typed", async () => (await daemon.output(session)).includes(`line=${first}.`))
      const lines = (await daemon.output(session)).match(/line=/g)
      refuse(lines?.length === 1, `${lines?.length} were typed`)
      await kill(daemon, session)
      return "one typed, four 409 answer_under_way"
    }
  },
  {
    id: "waits-05",
    attacker: "agent",
    does: "asks 400 questions in two seconds, and then one that deletes everything, while clients answer what they see",
    promise: "types no answer to a question that is over, and shows the last question within seconds",
    run: async ({ daemon }) => {
      const session = await begun(daemon, `${manyQuestions}; ${blocked("Delete everything?")}; echo asked; ${readsLines}`, "asked")
      const askedAt = performance.now()
      const old: Array<string> = []
      let shownMs = Number.NaN
      await until("the last question is shown", async () => {
        const { question } = await daemon.session(session)
        if (question === null) return null
        if (question.text?.startsWith("Delete")) {
          shownMs = performance.now() - askedAt
          return true
        }
        const id = `answer-${old.length}`
        const { status } = await daemon.ask("POST", `/v1/sessions/${session}/prompts`, {
          id,
          text: "y",
          answers: question.id,
          deliver: "now"
        })
        if (status === 202) old.push(id)
        return null
      })
      for (const id of old)
        await until("each answer has its fate", async () => !["queued", "claimed"].includes((await promptOf(daemon, session, id)).state))
      const states = new Set(await Promise.all(old.map(async (id) => (await promptOf(daemon, session, id)).state)))
      refuse(!states.has("answered"), `an answer to an old question is called answered: ${[...states].join(", ")}`)
      refuse(!(await daemon.output(session)).includes("line="), "an answer was typed into another question")
      await kill(daemon, session)
      return `the last question shown after ${Math.round(shownMs)} ms; ${old.length} answers ${[...states].join(", ")}, none typed`
    }
  },
  {
    id: "waits-06",
    attacker: "agent",
    does: "asks 400 questions in two seconds, goes idle for a second, and asks another one",
    promise: "types no prompt that waits into that question",
    run: async ({ daemon }) => {
      const session = await begun(
        daemon,
        `${manyQuestions}; ${idle}; sleep 1; ${blocked("Delete everything?")}; echo last; ${readsLines}`,
        "last"
      )
      await daemon.done("POST", `/v1/sessions/${session}/prompts`, { id: "p", text: "hello" })
      await daemon.reaches(session, "the last question", ({ question }) => question?.text?.startsWith("Delete") === true)
      const { state } = await promptOf(daemon, session, "p")
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      refuse(!(await daemon.output(session)).includes("line="), `the prompt was typed into the question: ${state}`)
      await kill(daemon, session)
      return `the prompt is ${(await promptOf(daemon, session, "p")).state}, and was not typed`
    }
  },
  {
    id: "waits-07",
    attacker: "agent",
    does: "asks 400 questions four milliseconds apart, and then one that deletes everything",
    promise: "joins the questions in between, says that what it shows is behind, and shows the last question within seconds",
    run: async ({ daemon }) => {
      const id = await flooded(daemon, floods(400, 4, 'asks("Q" + n + " at " + Date.now())', 'asks("Delete everything?")'))
      let worstMs = 0
      let saidBehind = 0
      const isLastShown = async () => {
        const { evidence, question } = await daemon.session(id)
        const at = question?.text?.match(/ at (\d+)$/)?.[1]
        if (at !== undefined) worstMs = Math.max(worstMs, Date.now() - Number(at))
        if (at !== undefined && evidence?.behindBytes !== null) saidBehind += 1
        if (question?.text?.startsWith("Delete") && evidence?.behindBytes !== null) throw new Error("the last question is called old")
        return question?.text?.startsWith("Delete") ? true : null
      }
      await untilOver(daemon, id, isLastShown)
      const asked = async () => (await daemon.types(id)).filter((type) => type === "ActivityChanged").length
      const before = await asked()
      await until("the last question is shown", isLastShown, 60_000)
      const late = (await asked()) - before
      await kill(daemon, id)
      refuse(late <= 3 * limits.waitingWordsBehind, `${late} questions that were over were recorded first; shown up to ${worstMs} ms late`)
      refuse(saidBehind > 0, "no view says that it is behind")
      return `shown up to ${worstMs} ms late, ${late} facts behind the flood`
    }
  },
  {
    id: "waits-08",
    attacker: "agent",
    does: "says 900 times, two milliseconds apart, that it works or rests, while a prompt is sent",
    promise: "types the prompt once the last word is known, a few facts behind the flood",
    run: async ({ daemon }) => {
      const flips = floods(900, 2, 'say("state=" + (n % 2 === 0 ? "working" : "idle"))', 'say("state=idle")')
      const id = await flooded(daemon, flips)
      await untilOver(daemon, id)
      const before = (await daemon.events(id)).length
      const sentAt = performance.now()
      await daemon.done("POST", `/v1/sessions/${id}/prompts`, { id: "p", text: "hello" })
      await until("the prompt is typed", async () => (await daemon.output(id)).includes("typed=hello"), 60_000)
      const typedMs = Math.round(performance.now() - sentAt)
      const facts = (await daemon.events(id)).length - before
      await kill(daemon, id)
      refuse(facts <= 4 * limits.waitingWordsBehind, `${facts} facts were recorded first, for ${typedMs} ms`)
      return `typed after ${typedMs} ms and ${facts} facts`
    }
  },
  {
    id: "waits-09",
    attacker: "agent",
    does: "asks and takes its question back, again and again, while a prompt is sent",
    promise: "types the prompt once the agent rests, in each of eight sessions",
    run: async ({ daemon }) => {
      const flips = floods(12, 150, 'say("state=" + (n % 2 === 0 ? "blocked:kind=input" : "idle"))', 'say("state=idle")')
      const ids = await Promise.all(Array.from({ length: 8 }, () => flooded(daemon, flips)))
      const sent = ids.map(async (id, n) => {
        await until("it asks", async () => (await daemon.session(id)).question !== null)
        await new Promise((resolve) => setTimeout(resolve, 40 * n))
        await daemon.done("POST", `/v1/sessions/${id}/prompts`, { id: "p", text: "hello" })
      })
      await Promise.all(sent)
      for (const id of ids) await until("the prompt has its fate", async () => (await promptOf(daemon, id, "p")).state !== "queued", 30_000)
      const states = await Promise.all(ids.map(async (id) => (await promptOf(daemon, id, "p")).state))
      for (const id of ids) await kill(daemon, id)
      return states.join(", ")
    }
  }
]
