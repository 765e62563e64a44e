/** Fuzzes what agents print: through the scanner, the emulator with its time budget, and what a person's terminal may have. */
import { sanitiser } from "../../src/cli/text/sanitise.ts"
import { limits } from "../../src/domain/limits.ts"
import type { Size } from "../../src/domain/spec.ts"
import { Scanner } from "../../src/domain/terminal/scanner.ts"
import { makeShownOutput } from "../../src/domain/terminal/shown-output.ts"
import { isQuery } from "../../src/domain/terminal-queries.ts"
import { DrawingLoop } from "../../src/infra/screens/drawing-loop.ts"
import type { Answered, Work } from "../../src/infra/screens/drawing-protocol.ts"
import { chance, cutAnywhere, terminalBytes } from "../support/terminal-bytes.ts"
import { corpusOf } from "./corpus.ts"
import { type Finding, hasMore, type Outcome, shown, type Target } from "./target.ts"

export const terminal: Target = {
  name: "terminal",
  promise: "draws every output in bounded turns, and shows a person what is allowed and no more, however the bytes are cut",
  run: (seed, budget): Promise<Outcome> => {
    const next = chance(seed)
    const corpus = corpusOf("terminal")
    const findings: Array<Finding> = []
    const screens = new Screens()
    let inputs = 0
    let bytes = 0
    const startedAt = process.memoryUsage().rss
    while (hasMore(budget, inputs) && findings.length === 0) {
      const input = inputs < corpus.length ? corpus[inputs]! : terminalBytes(next, 65_536)
      const cuts = cutAnywhere(next, input)
      for (const what of [...faultsOfShown(input, cuts), ...screens.faultsOf(input, cuts, sizeOf(next))]) {
        findings.push({ what, input: shown(input) })
        budget.keep(Buffer.from(input.subarray(0, 4_096)))
      }
      inputs += 1
      bytes += input.length
    }
    const megabytes = Math.round((process.memoryUsage().rss - startedAt) / 1_048_576)
    if (megabytes > mostMegabytes) findings.push({ what: `${megabytes} MB more than at the start`, input: "" })
    const figures = {
      "MB printed": Math.round(bytes / 1_000_000),
      "longest turn ms": Math.round(screens.longestMs),
      "ms for each MB": Math.round((screens.tookMs * 1_000_000) / bytes),
      "screens given up": screens.givenUp,
      "memory MB": megabytes
    }
    return Promise.resolve({ inputs, findings, figures })
  }
}

const mostMegabytes = 500
/** Of the processor: a piece of work takes some ten milliseconds, and the whole drawing of 1000×1000 cells in all colours a second. */
const mostTurnMs = 5_000

const cpuMs = () => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}

const sizeOf = (next: () => number): Size => {
  const [cols = 80, rows = 24] = [
    [80, 24],
    [80, 24],
    [1, 1],
    [200, 50],
    [2, 1_000],
    [1_000, 2],
    [300, 300],
    [1_000, 1_000]
  ][Math.floor(next() * 8)]!
  return { cols, rows }
}

/** Controls that may stand alone, text, and the letters that may begin a sequence. */
const harmless =
  /(?:[^\x00-\x06\x10-\x1f\x7f-\x9f]|\x1b(?:[78=>DEHMNOcno|}~]|#[34568]|[()*+][%"]?[0-9A-Z<=>?]|\[[<=>?]?[\d:;]*[ !"#$'*]?[@A-Za-z`{}~]|\](?:0|1|2|4|8|9|1[0-9]|22|104|11[0-9]|777)[;\x07\x1b][^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\)|\](?:104|11[0-9])(?:\x07|\x1b\\)|P[\d;]*q[ -~]*\x1b\\))/uy

/** The first place of what is not harmless; null where all is. One token after the other: a repeated group would try every way to cut the text. */
const harmAt = (text: string): number | null => {
  for (let at = 0; at < text.length; at = harmless.lastIndex) {
    harmless.lastIndex = at
    if (!harmless.test(text)) return at
  }
  return null
}

const faultsOfShown = (input: Uint8Array, cuts: ReadonlyArray<Uint8Array>): ReadonlyArray<string> => {
  const faults: Array<string> = []
  const whole = pushed([input])
  if (!pushed(cuts).equals(whole)) faults.push("what is shown depends on how the bytes are cut")
  if (!pushed([whole]).equals(whole)) faults.push("what is shown is not shown again as it is")
  const text = whole.toString("utf8")
  const harm = harmAt(text)
  if (harm !== null) faults.push(`what is shown holds more than is allowed: ${shown(text.slice(harm, harm + 200))}`)
  new Scanner({
    sequence: (sequence) => {
      if (isQuery(sequence)) faults.push(`a question is shown: ${JSON.stringify(sequence)}`)
    }
  }).push(whole)
  const clean = sanitiser()
  const printed = clean.push(input) + clean.end()
  if (!/^(?:[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]|\x1b\[[\d;:]*m)*$/u.test(printed))
    faults.push(`what is printed holds more than colours: ${shown(printed)}`)
  return faults
}

const pushed = (chunks: ReadonlyArray<Uint8Array>): Buffer => {
  const output = makeShownOutput({ clipboard: false })
  return Buffer.concat(chunks.map((chunk) => output.push(chunk).slice()))
}

class Screens {
  longestMs = 0
  tookMs = 0
  givenUp = 0
  #last = 0

  /** Both have the same screen, unless one took too long. */
  faultsOf(input: Uint8Array, cuts: ReadonlyArray<Uint8Array>, size: Size): ReadonlyArray<string> {
    const whole = this.#drawn([input], size)
    const cut = this.#drawn(cuts, size)
    const faults = this.longestMs > mostTurnMs ? [`a turn of ${Math.round(this.longestMs)} ms on ${size.cols}×${size.rows}`] : []
    if (whole === null || cut === null) return faults
    if (whole.startsWith("fault")) return [...faults, whole]
    return whole === cut ? faults : [...faults, `the screen depends on how the bytes are cut: ${shown(whole)} and ${shown(cut)}`]
  }

  /** Null: it was given up. */
  #drawn(chunks: ReadonlyArray<Uint8Array>, size: Size): string | null {
    const answers: Array<Answered> = []
    const loop = new DrawingLoop((answered) => answers.push(answered), { cpuMs, wallMs: () => performance.now() })
    const screen = ++this.#last
    const work: ReadonlyArray<Work> = [
      { type: "open", session: "s", size, checkpoint: null },
      ...chunks.map((bytes): Work => ({ type: "write", bytes })),
      { type: "picture" },
      { type: "restoring", scrollback: limits.screenScrollback },
      { type: "close" }
    ]
    for (const [call, each] of work.entries()) loop.take({ call, screen, work: each })
    for (let hasWork = true; hasWork; ) {
      const startedAt = cpuMs()
      hasWork = loop.turn(() => {})
      const tookMs = cpuMs() - startedAt
      this.longestMs = Math.max(this.longestMs, tookMs)
      this.tookMs += tookMs
    }
    if (answers.length !== work.length) return `fault: ${answers.length} answers to ${work.length} calls`
    if (answers.some((answered) => "refused" in answered && answered.refused === "overrun")) {
      this.givenUp += 1
      return null
    }
    const fault = answers.find((answered) => "refused" in answered)
    return fault === undefined ? JSON.stringify(answers.slice(-3)).replaceAll(/"call":\d+/g, "") : `fault: ${JSON.stringify(fault)}`
  }
}
