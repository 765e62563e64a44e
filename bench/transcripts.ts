/** How fast an agent's transcript is followed and understood, beside Node's own reader of lines that parses the same JSON. */
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Effect, Stream } from "effect"
import { readTranscript } from "../src/domain/providers/transcripts/index.ts"
import { tail } from "../src/infra/evidence/tail.ts"
import { type Figure, figure } from "./figure.ts"
import { percentile } from "./samples.ts"
import type { Size } from "./size.ts"

const rounds = 5

export const benchTranscripts = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  const directory = mkdtempSync(join(tmpdir(), "reprise-bench-"))
  try {
    const path = join(directory, "transcript.jsonl")
    writeFileSync(path, Array.from({ length: small ? 2_000 : 40_000 }, (_, index) => `${JSON.stringify(line(index))}\n`).join(""))
    const { size } = statSync(path)
    const ours: Array<number> = []
    const peer: Array<number> = []
    for (let round = 0; round < rounds; round++) {
      ours.push(await perSecond(size, () => followed(path, size)))
      peer.push(await perSecond(size, () => parsed(path)))
    }
    return [
      figure({
        name: "transcript followed and understood",
        unit: "MB/s",
        better: "more",
        ours: percentile(ours, 0.5),
        peer: { name: "node:readline and JSON.parse", value: percentile(peer, 0.5) },
        hold: { ratio: 0.5 }
      })
    ]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const perSecond = async (bytes: number, work: () => Promise<void>) => {
  const begun = performance.now()
  await work()
  return bytes / 1_000 / (performance.now() - begun)
}

const followed = (path: string, size: number) =>
  Effect.runPromise(
    tail(path, 0).pipe(
      Stream.takeUntil((tailed) => "to" in tailed && tailed.to >= size),
      Stream.runForEach((tailed) =>
        Effect.sync(() => {
          if (tailed._tag === "Lines") for (const each of tailed.lines) readTranscript("claude-code", each)
        })
      )
    )
  )

const parsed = async (path: string) => {
  for await (const each of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) JSON.parse(each)
}

/** As Claude Code writes an answer of some paragraphs. */
const line = (index: number) => ({
  parentUuid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  uuid: `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}`,
  sessionId: "00000000-0000-4000-8000-000000000000",
  type: index % 2 === 0 ? "user" : "assistant",
  timestamp: "2026-01-01T00:00:00.000Z",
  message: {
    id: `msg_${index}`,
    role: index % 2 === 0 ? "user" : "assistant",
    model: "model",
    content: [{ type: "text", text: "Some words, and ünd more of them. ".repeat(30) }],
    usage: { input_tokens: 100, output_tokens: 50, cache_read_input_tokens: 7, cache_creation_input_tokens: 3 }
  }
})
