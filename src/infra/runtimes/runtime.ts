/** Everything that is said to a process passes this one interface, in serialisable values; each way to run an agent is a layer. */
import { Context, type Effect, Schema, type Scope, type Stream } from "effect"
import type { Leftover, ProcessIdentity, WriteRefusal } from "../../domain/facts.ts"
import type { JournalEntry } from "../../domain/inputs.ts"
import type { Rung, Size } from "../../domain/spec.ts"
import type { StopOrder } from "../holder/protocol.ts"
import type { Tool, ToolEnd } from "../holder/tools.ts"
import type { Settled } from "../holder/typing.ts"
import type { StopLaunches } from "./stop-launches.ts"

export type { StopOrder } from "../holder/protocol.ts"
export type { Tool, ToolEnd } from "../holder/tools.ts"

/** Names one launch. The nonce makes it beyond doubt. */
export interface LaunchRef {
  readonly session: string
  readonly generation: number
  readonly nonce: string
}

export interface LaunchOrder extends LaunchRef {
  /** Absolute path of what is executed; `command[0]` stays the program's argv[0]. */
  readonly executable: string
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly cwd: string
  /** The child's whole environment. The runtime adds `REPRISE_SESSION`, `REPRISE_GENERATION` and `REPRISE_NONCE`. */
  readonly env: Readonly<Record<string, string>>
  readonly size: Size
  readonly ladder: ReadonlyArray<Rung>
  readonly outputRetentionBytes: number
}

/** One reason a launch cannot work; preflight lists them all at once. */
export const PreflightReason = Schema.Struct({
  /** `cwd_missing`, `cwd_not_directory`, `cwd_not_accessible`, `executable_missing`, `executable_not_executable`, `executable_incomplete`, `path_silent`, or an errno. */
  code: Schema.String,
  field: Schema.Literals(["cwd", "command", "env.PATH"]),
  message: Schema.String
})
export type PreflightReason = typeof PreflightReason.Type
export class PreflightFailed extends Schema.TaggedError<PreflightFailed>()("PreflightFailed", {
  reasons: Schema.Array(PreflightReason)
}) {}

/** The holder could not be started. `code` is machine-readable (`EAGAIN`, `ENOSPC`, `holder_never_started`, …). */
export class LaunchFailure extends Schema.TaggedError<LaunchFailure>()("LaunchFailure", {
  code: Schema.String,
  message: Schema.String
}) {}

/** The holder does not answer. `gone`: its process is dead or was never there. The others leave it running, and shown. */
export class HolderUnavailable extends Schema.TaggedError<HolderUnavailable>()("HolderUnavailable", {
  reason: Schema.Literals(["gone", "not_ours", "protocol", "stale_epoch", "silent"]),
  message: Schema.String
}) {}

/** What became of a prompt that was typed. */
export interface Submitted {
  /**
   * `withheld`: a part of the text reached the terminal, and no Enter. `lost`: the connection went first; the next one asks by
   * `writeOutcome`. `unsupported`: a holder from before prompts, which did nothing.
   */
  readonly outcome: Settled["outcome"] | "lost" | "unsupported" | WriteRefusal
  /** Right before the Enter was written, epoch milliseconds; absent from older holders. */
  readonly enteredAt?: number
  /** Why Enter was withheld, where the holder found a reason of its own. */
  readonly why?: WriteRefusal
}

/** A live attachment to one holder. Closing the scope detaches; the agent lives on. */
export interface HolderLink {
  /** From the identity file; null while nothing has been spawned. */
  readonly process: ProcessIdentity | null
  /** The journal after the cursor given to `connect`, then as it grows: in order, none missing, none twice. Fails when the holder goes. */
  readonly journal: Stream.Stream<JournalEntry, HolderUnavailable>
  /** How many entries the journal had at the connection. */
  readonly journalLength: number
  /** The newest output offset this link knows of. */
  readonly offset: () => number
  /**
   * Types bytes into the terminal, whole and uninterleaved; a `writeId` already taken is not typed again. `written`: every byte
   * reached the terminal; `not_written`: none did, and none will; `uncertain`: not known. A refusal says why nothing was typed; the
   * same write may be asked for again.
   */
  readonly write: (writeId: string, bytes: Uint8Array) => Effect.Effect<"written" | "not_written" | "uncertain" | WriteRefusal>
  /**
   * Text, a pause of `enterAfterMs`, Enter: one operation that nothing can come between. Its id and outcome are a write's. Behind the
   * pause the holder asks for `mayEnter`, again where the answer came late, and waits for it; false: Enter is withheld. Without a
   * connection it waits for `decide` on the next one. Holders from before it press Enter without asking.
   */
  readonly submit: (writeId: string, text: Uint8Array, enterAfterMs: number, mayEnter: Effect.Effect<boolean>) => Effect.Effect<Submitted>
  /** For a submission whose daemon has gone before it decided: decides now, as `submit` does. What became of it. */
  readonly decide: (writeId: string, mayEnter: Effect.Effect<boolean>) => Effect.Effect<Settled, HolderUnavailable>
  /** Presses no Enter for a submission that has none yet, and types no more of its text. Holders from before it do nothing. */
  readonly withhold: (writeId: string) => Effect.Effect<void, HolderUnavailable>
  /** What became of a write whose answer was lost. */
  readonly writeOutcome: (writeId: string) => Effect.Effect<Settled, HolderUnavailable>
  /** What would keep a prompt from being typed now; null where nothing would. `unsupported`: a holder from before this question. */
  readonly obstacle: Effect.Effect<WriteRefusal | "unsupported" | null, HolderUnavailable>
  /** Keystrokes of an attached person: in order, without an id, gone with the connection. Resolves when they are on their way. */
  readonly type: (bytes: Uint8Array) => Effect.Effect<void, HolderUnavailable>
  readonly resize: (size: Size) => Effect.Effect<void, HolderUnavailable>
  /** `kill` goes to the last rung at once, also while a ladder runs. Repeating is harmless. `order`: for the journal, where the log cannot take it. */
  readonly runLadder: (mode: "stop" | "kill", order?: StopOrder) => Effect.Effect<void, HolderUnavailable>
  /** After this the holder may exit and its directory is removed. Output stays. */
  readonly acknowledgeExit: Effect.Effect<void, HolderUnavailable>
}

export interface Foreground {
  readonly group: number
  /** It is the agent's own, and not one that a shell began. */
  readonly isOwn: boolean
}

/** What lies on disk of one launch, whether or not its holder lives. */
export interface LaunchRemains extends LaunchRef {
  readonly process: ProcessIdentity | null
  /** Up to the first entry that reports an end while the launch lives. */
  readonly journal: ReadonlyArray<JournalEntry>
  /** The file reported an end, and something of the launch lives. */
  readonly isContradicted: boolean
}

export class Runtime extends Context.Service<
  Runtime,
  {
    /** Lists every reason at once. `path` is the child's PATH. Returns the absolute path of argv[0]. */
    readonly preflight: (command: string, cwd: string, path: string) => Effect.Effect<{ readonly executable: string }, PreflightFailed>
    /**
     * Starts a holder once: a directory that exists is adopted, never launched again. Returns when its socket answers. `isOurs` is asked
     * once the directory is there: a daemon that another has followed launches nothing.
     */
    readonly launch: (order: LaunchOrder, isOurs?: Effect.Effect<boolean>) => Effect.Effect<void, LaunchFailure>
    /** Attaches with this daemon's epoch. `after`: the newest journal entry already in the log. */
    readonly connect: (ref: LaunchRef, epoch: number, after: number) => Effect.Effect<HolderLink, HolderUnavailable, Scope.Scope>
    /** Every launch directory of this home. */
    readonly list: Effect.Effect<ReadonlyArray<LaunchRemains>>
    /** What the directory of one launch shows; null when there is none. `process`: the agent's, as the log knows it. */
    readonly remains: (ref: LaunchRef, process?: ProcessIdentity | null) => Effect.Effect<LaunchRemains | null>
    /** Ends every process of a launch whose holder is dead, by identity and nonce; returns when several looks find none. `onLeftovers`: once, what SIGKILL has not ended in five seconds. */
    readonly sweep: (
      ref: LaunchRef,
      process: ProcessIdentity | null,
      onLeftovers?: (leftovers: ReadonlyArray<Leftover>) => void
    ) => Effect.Effect<{ readonly swept: number }>
    /** Those of the launches of which a process lives that carries the nonce: one look at the process table. */
    readonly outlived: (refs: ReadonlyArray<LaunchRef>) => Effect.Effect<ReadonlyArray<LaunchRef>>
    /** The process group that reads the agent's terminal now. Null where that cannot be known. */
    readonly foreground: (process: ProcessIdentity) => Effect.Effect<Foreground | null>
    /** What keeps a living launch from being under control, in one sentence; null for nothing. Asks no holder. */
    readonly trouble: (ref: LaunchRef) => Effect.Effect<string | null>
    /** Whether the process, or all of the group that reads its terminal, is stopped. */
    readonly isSuspended: (process: ProcessIdentity) => Effect.Effect<boolean>
    /** Sends SIGCONT to every process of the launch that is stopped. */
    readonly proceed: (ref: LaunchRef, process: ProcessIdentity) => Effect.Effect<void>
    /** The process groups of the agent's tree that are not its own, oldest first; none when it is gone. */
    readonly tools: (ref: LaunchRef, process: ProcessIdentity) => Effect.Effect<ReadonlyArray<Tool>>
    /**
     * Ends that group alone: SIGTERM, and SIGKILL after two seconds, to its members of the tree, each looked at again right before.
     * Null when the agent has no such group now.
     */
    readonly killTool: (ref: LaunchRef, process: ProcessIdentity, pgid: number) => Effect.Effect<ToolEnd | null>
    /**
     * Ends every launch of a session by what its directories show, without the log: by its holder, which keeps the order in its journal,
     * and by identity where the holder does not act in time. Returns how many launches had something alive, once nothing of them is left.
     */
    readonly stopLaunches: (session: string, epoch: number, wish: StopLaunches) => Effect.Effect<number>
    /** Removes the launch directory of a dead holder. Output stays. `isOver`: nothing of the launch is left, and its holder is ended too. */
    readonly discard: (ref: LaunchRef, isOver?: boolean) => Effect.Effect<void>
  }
>()("reprise/infra/Runtime") {}
