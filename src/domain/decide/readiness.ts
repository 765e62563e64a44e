/** When an agent counts as ready, and what begins then. */
import { deadlineIn } from "../time.ts"
import { armIdleStop } from "./terminal.ts"
import { type Facts, fact, type Situation } from "./verdict.ts"

/** The agent takes input. From here its health counts, and so does the silence of a session without clients. */
export const ready = (
  situation: Situation,
  evidence: string,
  entry?: { readonly n: number; readonly wallMs: number; readonly offset: number }
): Facts => {
  const { attempts, generation, spec } = situation.context
  const healthyDeadline = attempts === 0 ? null : deadlineIn(situation.now, spec.keepalive.healthyAfterMs)
  return [fact("AgentReady", situation, { generation, evidence, holderSeq: entry?.n ?? null, healthyDeadline }, entry), armIdleStop]
}
