/** What a fact obliges us to do, as serialisable values: performed after the append, never in replay, derivable from state. */
import type { ProcessIdentity } from "./facts.ts"
import type { Size } from "./spec.ts"

export type SessionEffect =
  /** Preflight: does the directory serve, and what does argv[0] resolve to? Answered by `Prepared` or `PrepareFailed`. */
  | { readonly type: "Prepare"; readonly generation: number }
  | { readonly type: "Spawn"; readonly generation: number; readonly nonce: string; readonly executable: string }
  | { readonly type: "Write"; readonly generation: number; readonly writeId: string; readonly kind: "input" | "interrupt" }
  /** Type a prompt's text and then its Enter, one operation. Answered by `WriteSettled`. */
  | {
      readonly type: "DeliverPrompt"
      readonly generation: number
      readonly promptId: string
      readonly hash: string
      readonly writeId: string
      /** It answers a question: typed in the keys that the agent takes as an answer. */
      readonly answers?: boolean
      /** Files whose paths are typed behind the text. */
      readonly paths?: ReadonlyArray<string>
    }
  /** A question has opened while a prompt is typed that does not answer it: press no Enter. `DeliverPrompt` has the answer. */
  | { readonly type: "WithholdPrompt"; readonly generation: number; readonly writeId: string }
  /** The answer to a write was lost with an earlier daemon: the holder knows. Answered by `WriteSettled`. */
  | { readonly type: "SettleWrite"; readonly generation: number; readonly writeId: string }
  | { readonly type: "ResizeTerminal"; readonly generation: number; readonly size: Size }
  /** End one process group of the agent's tree and nothing else. Answered by `ToolEnded`. */
  | {
      readonly type: "KillTool"
      readonly generation: number
      readonly nonce: string
      readonly process: ProcessIdentity
      readonly pgid: number
    }
  /** Let the processes of the agent go on that are stopped. */
  | { readonly type: "Continue"; readonly generation: number; readonly nonce: string; readonly process: ProcessIdentity }
  /** Run the ladder from its first rung, or (`kill`) from its last. The holder does nothing twice. */
  | { readonly type: "RunLadder"; readonly generation: number; readonly mode: "stop" | "kill" }
  /** The holder died: find what it left by nonce and identity, and end it. Answered by `Swept`. */
  | { readonly type: "Sweep"; readonly generation: number; readonly nonce: string; readonly process: ProcessIdentity | null }
  /** The end is durable here: the holder may go. */
  | { readonly type: "AcknowledgeExit"; readonly generation: number; readonly nonce: string }
