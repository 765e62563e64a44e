/** Sentences for inputs and effects; an input or effect without a sentence of its own has a general one. */
import type { SessionEffect } from "../effects.ts"
import type { Input, InputOf, InputType } from "../inputs.ts"

export const inputSentence = (input: Input | { readonly type: "Create" }): string => {
  const own = inputSentences[input.type] as ((input: Input | { readonly type: "Create" }) => string) | undefined
  return own?.(input) ?? ("by" in input ? `The command ${input.type} was given.` : `The report ${input.type} came.`)
}

export const inputSentences: { readonly [T in InputType | "Create"]?: (input: T extends InputType ? InputOf<T> : unknown) => string } = {
  Create: () => "A session was asked for.",
  Write: ({ bytes }) => `${bytes} bytes were to be typed.`,
  Interrupt: () => "The agent was to be interrupted.",
  Resize: ({ size }) => `The terminal was to have ${size.cols} columns and ${size.rows} rows.`,
  Detach: ({ client }) => `The connection of ${client} was closed.`,
  Prepared: ({ executable }) => `The preparation was done: ${executable} can be started.`,
  PrepareFailed: ({ message }) => `The preparation failed: ${message}.`,
  LaunchFailed: ({ message }) => `The launch failed: ${message}.`,
  HolderReported: ({ entry, generation }) =>
    `The holder of launch ${generation} reported it in entry ${entry.n} of its journal (${entry.event.type.replaceAll("_", " ")}), at output byte ${entry.offset}.`,
  WriteSettled: ({ outcome, writeId }) => `The holder reported the outcome of the write ${writeId}: ${outcome.replaceAll("_", " ")}.`,
  ActivityObserved: ({ activity, source }) => `The agent's ${source} said that it is ${activity}.`,
  PromptUndeliverable: ({ code, promptId }) => `The prompt ${promptId} could not be typed at all: ${code}.`,
  PromptObserved: ({ source }) => `The agent was seen to take the prompt up, by its ${source}.`,
  TurnObserved: ({ outcome, source }) => `The agent's turn was seen to be ${outcome}, by its ${source}.`,
  ConversationObserved: ({ id, source }) => `The agent was seen to have the conversation ${id}, by its ${source}.`,
  TranscriptRefused: ({ code, path }) => `The transcript ${path} could not be read (${code}).`,
  TranscriptAdvanced: ({ from, path, to }) => `The transcript ${path} had grown from byte ${from} to byte ${to}.`,
  BlockObserved: ({ cause, source }) => `The agent was seen to be blocked (${cause.replaceAll("_", " ")}), by its ${source}.`,
  MessageNotKnown: ({ kind, source }) => `The agent's ${source} sent a message of an unknown kind: ${kind}.`,
  Reattached: ({ process }) => `The daemon was attached again to the holder of process ${process.pid}.`,
  HolderGone: ({ reason }) => `The holder was gone: ${reason}.`,
  SuspensionObserved: ({ suspended }) => `The agent's processes were seen to be ${suspended ? "stopped" : "running again"}.`,
  EchoObserved: ({ echo }) => `The terminal was seen to echo ${echo ? "again, or to be raw" : "nothing"}.`,
  Typing: ({ open }) =>
    open ? "Text was typed at an attached terminal." : "The text in the agent's line was sent or cleared at an attached terminal.",
  ToolEnded: ({ pgid, signal }) =>
    signal === null ? `The tool in process group ${pgid} was looked for, and was gone.` : `The tool in process group ${pgid} was ended.`,
  SweepDelayed: ({ leftovers }) =>
    `The daemon's own sweep could not end ${leftovers.length} processes: the kernel, a tracer or a freezer holds them.`,
  Swept: ({ swept }) => `Every process of the launch had been looked for, and ${swept} ended.`,
  HostRebooted: () => "The boot was another one than the session's.",
  DeadlineReached: () => "A deadline of the session passed."
}

export const effectSentence = (effect: SessionEffect): string => {
  const own = effectSentences[effect.type] as ((effect: SessionEffect) => string) | undefined
  return own?.(effect) ?? `The daemon had to do this: ${effect.type}.`
}

type EffectType = SessionEffect["type"]
export const effectSentences: { readonly [T in EffectType]?: (effect: Extract<SessionEffect, { readonly type: T }>) => string } = {
  Prepare: ({ generation }) => `The daemon had to prepare launch ${generation}: find its directory and its program.`,
  Spawn: ({ executable, generation }) => `The daemon had to start launch ${generation}, of ${executable}.`,
  Write: ({ kind, writeId }) => `The daemon had to type the ${kind} ${writeId}.`,
  DeliverPrompt: ({ promptId }) => `The daemon had to type the prompt ${promptId}, and Enter.`,
  WithholdPrompt: ({ writeId }) => `The daemon had to press no Enter for the prompt ${writeId}: a question had opened.`,
  SettleWrite: ({ writeId }) => `The daemon had to ask what became of the write ${writeId}.`,
  ResizeTerminal: ({ size }) => `The terminal had to become ${size.cols} columns by ${size.rows} rows.`,
  Continue: ({ generation }) => `The stopped processes of launch ${generation} had to go on.`,
  RunLadder: ({ generation, mode }) =>
    mode === "kill" ? `Every process of launch ${generation} had to be killed.` : `Launch ${generation} had to be stopped, rung by rung.`,
  Sweep: ({ generation }) => `What the lost holder of launch ${generation} left had to be found and ended.`,
  AcknowledgeExit: ({ generation }) => `The holder of launch ${generation} had to learn that its end is recorded.`
}
