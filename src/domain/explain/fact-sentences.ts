/** What each fact says, as a sentence. A type without one of its own gets an honest general one, and a test lists those types. */
import { daemon, type EndCause, type Fact, type FactOf, type FactType, type Leftover } from "../facts.ts"
import { iso } from "../time.ts"
import { whyUnreadable } from "../unreadable.ts"

export const factSentence = (fact: Fact): string => {
  const own = factSentences[fact.type] as ((fact: Fact) => string) | undefined
  return own?.(fact) ?? `${fact.type} was recorded.`
}

export const factSentences: { readonly [T in FactType]?: (fact: FactOf<T>) => string } = {
  SessionCreated: ({ by, spec }) => `${who(by)} created the session: ${spec.command.join(" ")} in ${spec.cwd}.`,
  SessionPatched: ({ by, changes }) => `${who(by)} changed ${list(Object.keys(changes))}.`,

  LaunchIntended: ({ executable, generation, reason }) =>
    `Launch ${generation} was about to be made (${reason}), of ${executable}; recorded before anything was started.`,
  ProcessSpawned: ({ generation, process }) => `Launch ${generation} was up as process ${process.pid}.`,
  AgentReady: ({ evidence, generation }) => `The agent of launch ${generation} counted as ready (${evidence.replaceAll("_", " ")}).`,
  ReadinessTimedOut: ({ afterMs, generation }) => `The agent of launch ${generation} was not ready after ${afterMs} ms.`,
  HealthConfirmed: ({ attempts, generation }) =>
    `Launch ${generation} had been healthy for long enough: the ${attempts} relaunches before it no longer count.`,
  ActivityChanged: ({ acceptBy, activity, question, source }) =>
    `The agent was ${activity} now, by its ${source}${question === null ? "" : `, and asked: ${question}`}${
      acceptBy === undefined ? "" : `; it had until ${iso(acceptBy.wallMs)} to take up what was typed while it worked`
    }.`,
  ActivityConfirmed: ({ source }) => `The agent's ${source} said the same again.`,
  ActivityDoubted: ({ activity, deadline, source }) =>
    `The agent's ${source} said that it was ${activity}, which would count from ${iso(deadline.wallMs)} on unless a better source spoke before.`,
  TurnEnded: ({ detail, outcome, source, unheard }) =>
    `The agent's turn${unheard === true ? ", whose beginning no source reported," : ""} was ${outcome}, by its ${source}${
      detail === "" ? "" : `: ${detail}`
    }.`,
  TurnAbandoned: ({ generation, prompt }) =>
    `Launch ${generation} had ended in the middle of a turn${prompt === null ? "" : `, that of the prompt ${prompt}`}. No later launch continued it.`,
  ConversationKnown: ({ elsewhere, generation, id, source }) =>
    `The conversation of launch ${generation} was known to be ${id}, by its ${source}${elsewhere ? "; the file that the agent named lies outside the places of its provider, and was not taken" : ""}.`,
  ConversationRefused: ({ heldBy, id, source }) =>
    `The agent's ${source} claimed the conversation ${id}, which session ${heldBy} has: the claim was refused.`,
  ConversationAbandoned: ({ id, launches }) =>
    `The conversation ${id} had ended ${count(launches, "launch", "launches")} soon after the start: the next would begin a new one.`,
  TranscriptRead: ({ from, lines, path, to, usage }) =>
    `${count(lines, "line", "lines")} of the transcript ${path} were read (bytes ${from} to ${to}), which used ${usage.inputTokens} and ${usage.outputTokens} tokens.`,
  TranscriptUnreadable: ({ code, path }) => `The transcript ${path} could not be read: it ${whyUnreadable(code)}.`,
  AgentBlocked: ({ cause, detail, until }) =>
    `The agent could not work (${cause.replaceAll("_", " ")}${until === null ? "" : `, until ${iso(until)}`})${detail === "" ? "" : `: ${detail}`}.`,
  MessageUnknown: ({ kind, source }) => `The agent's ${source} sent a message of a kind that this version does not know: ${kind}.`,
  StateReported: ({ by, report }) =>
    `${who(by)} reported its state, as number ${report.seq}${report.phase === null ? "" : `: ${report.phase}`}.`,

  Resized: ({ size }) => `The terminal became ${size.cols} columns by ${size.rows} rows.`,
  InputAccepted: ({ by, bytes, kind }) =>
    kind === "interrupt" ? `${who(by)} interrupted the agent.` : `${bytes} bytes that ${who(by)} typed were accepted.`,
  ToolKillRequested: ({ by, pgid }) => `${who(by)} asked for the end of the tool in process group ${pgid}, and of nothing else.`,
  ToolKilled: ({ left, pgid, pids, signal }) =>
    signal === null
      ? `The tool in process group ${pgid} was gone already.`
      : `The tool in process group ${pgid} was ended with ${signal} (${count(pids.length, "process", "processes")})${left.length === 0 ? "" : `; ${left.length} would not go`}.`,
  LeftoversEnded: ({ by, swept }) =>
    `${who(by)} asked for the end of a session at rest: ${count(swept, "process that its launches had left was", "processes that its launches had left were")} ended.`,
  InputWritten: ({ writeId }) => `The terminal took the input ${writeId}.`,
  InterruptSettled: ({ outcome, writeId }) =>
    outcome === "turn_ended"
      ? `The interrupt ${writeId} did it: the turn ended.`
      : outcome === "failed"
        ? `The interrupt ${writeId} was not written.`
        : `No source said in time whether the interrupt ${writeId} ended the turn.`,
  InputFailed: ({ code, why, writeId }) =>
    code === "not_written"
      ? `The terminal took nothing of the input ${writeId}${why === undefined ? "" : `: ${why}`}.`
      : `It is not known whether the input ${writeId} was written.`,
  ClientAttached: ({ client, mode }) => `${client} attached${mode === "view" ? " to look" : ""}.`,
  ClientDetached: ({ client, typedBytes }) => `${client} detached, having typed ${typedBytes} bytes.`,
  AgentSuspended: ({ generation }) => `The agent of launch ${generation} was stopped (SIGSTOP or SIGTSTP): nothing was typed from then on.`,
  AgentContinued: ({ generation }) => `The agent of launch ${generation} went on.`,
  EchoTurnedOff: ({ generation }) =>
    `The terminal of launch ${generation} echoed nothing, as one that asks for a password: prompts waited from then on.`,
  EchoTurnedOn: ({ generation }) => `The terminal of launch ${generation} took prompts again.`,
  ContinueRequested: ({ by, generation }) => `${who(by)} asked for launch ${generation} to go on (SIGCONT).`,
  TypingBegan: ({ by, ofPrompt }) =>
    ofPrompt === undefined
      ? `${who(by)} typed text at an attached terminal: prompts waited until it was sent.`
      : `The text of the prompt ${ofPrompt} stayed in the agent's line without its Enter: prompts waited until it was sent or cleared.`,
  TypingEnded: ({ by }) => `${who(by)} sent or cleared the text that stood in the agent's line.`,
  IdleStopArmed: ({ deadline }) =>
    `No client was attached: the agent would be stopped at ${iso(deadline.wallMs)} if it printed nothing until then.`,

  PromptQueued: ({ by, prompt }) => `${who(by)} queued the prompt ${prompt.id} (${prompt.bytes} bytes, ${prompt.deliver}).`,
  PromptEdited: ({ by, bytes, promptId }) => `${who(by)} changed the text of the prompt ${promptId}, to ${bytes} bytes.`,
  PromptPromoted: ({ by, promptId }) => `${who(by)} moved the prompt ${promptId} to the front.`,
  PromptCancelled: ({ by, promptId, reason }) => `${who(by)} cancelled the prompt ${promptId}${reason === "" ? "" : `: ${reason}`}.`,
  PromptExpired: ({ promptId }) => `The time of the prompt ${promptId} was up before it could be typed.`,
  PromptClaimed: ({ generation, promptId }) => `It was the turn of the prompt ${promptId}: launch ${generation} was to get it.`,
  PromptReleased: ({ evidence, promptId }) => `The prompt ${promptId} was queued again: ${evidence.detail} (${evidence.source}).`,
  PromptWritten: ({ evidence, promptId }) => `The prompt ${promptId} was written: ${evidence.detail} (${evidence.source}).`,
  PromptSubmitted: ({ evidence, promptId }) => `The prompt ${promptId} was submitted: ${evidence.detail} (${evidence.source}).`,
  PromptPassedOver: ({ deadline, evidence, promptId }) =>
    `The prompt ${promptId} was passed over: ${evidence.detail} (${evidence.source}); its own turn could come until ${iso(deadline.wallMs)}.`,
  PromptAccepted: ({ evidence, promptId }) => `The prompt ${promptId} was accepted: ${evidence.detail} (${evidence.source}).`,
  PromptAnswered: ({ evidence, promptId }) => `The prompt ${promptId} was answered: ${evidence.detail} (${evidence.source}).`,
  PromptRejected: ({ code, evidence, promptId }) =>
    `The prompt ${promptId} was rejected (${code}): ${evidence.detail} (${evidence.source}).`,
  PromptUncertain: ({ promptId, reason, resend }) =>
    `What became of the prompt ${promptId} cannot be known: ${reason}${resend ? "; it was queued once more, as its sender wished" : ""}.`,

  StopRequested: ({ by, mode, outcome, reason }) =>
    `${who(by)} asked for a ${mode}${outcome === "end" ? "" : `, to ${outcome} the session`}${reason === "" ? "" : `: ${reason}`}.`,
  StopEscalated: ({ by, mode, outcome, reason }) =>
    `${who(by)} asked again, for a ${mode}${outcome === "end" ? "" : `, to ${outcome} the session`}${reason === "" ? "" : `: ${reason}`}.`,
  StopStepTaken: ({ generation, pids, signals, step }) =>
    `The ${step} of launch ${generation}: ${signals.length === 0 ? "no signal" : list(signals)} to ${count(pids.length, "process", "processes")}.`,

  ProcessExited: ({ code, generation, signal }) => `The process of launch ${generation} exited ${exitOf(code, signal)}.`,
  LeftoversRemain: ({ generation, leftovers }) => `Of launch ${generation} there were still ${list(leftovers.map(leftover))}.`,
  HolderLost: ({ generation, reason }) => `The holder of launch ${generation} was gone: ${reason}.`,
  GenerationEnded: ({ cause, generation, swept }) =>
    `Launch ${generation} was over: ${endOf(cause)}${swept === 0 ? "" : `; ${count(swept, "process", "processes")} that outlived it were ended`}.`,
  Adopted: ({ downMs, generation, process }) =>
    `The daemon took launch ${generation} (process ${process.pid}) up again, after ${downMs} ms without one.`,

  RelaunchScheduled: ({ attempt, deadline, delayMs, reason }) =>
    `Relaunch ${attempt} was set for ${iso(deadline.wallMs)}, ${delayMs} ms later${reason === "window" ? ", held back because there had been too many" : ""}.`,
  RelaunchStarted: ({ attempt }) => `Relaunch ${attempt} began.`,
  RelaunchCancelled: ({ by, reason }) => `The relaunch was called off by ${who(by)}${reason === "" ? "" : `: ${reason}`}.`,
  GaveUp: ({ attempts, notice, reason }) =>
    `The session was given up after ${count(attempts, "relaunch", "relaunches")} (${reason.replaceAll("_", " ")}): ${notice}.`,
  ResumeRequested: ({ by, why }) => `${who(by)} asked for the session to be resumed${why === undefined ? "" : `, by a ${why}`}.`,

  OutputDropped: ({ from, reason, to }) =>
    `The output from byte ${from} to byte ${to} was dropped (${reason === "retention" ? "more is not kept" : "the disk was full"}).`,
  SessionArchived: ({ by }) => `${who(by)} archived the session.`,
  SessionUnarchived: ({ by }) => `${who(by)} brought the session back from the archive.`,
  SessionTerminated: ({ by, reason }) => `${who(by)} ended the session for good${reason === "" ? "" : `: ${reason}`}.`,
  ClockRebased: ({ deadlines }) =>
    `The machine had been rebooted${Object.keys(deadlines).length === 0 ? "" : `; what was due (${list(Object.keys(deadlines))}) was moved to its new clock`}.`
}

export const who = (by: string): string => (by === daemon ? "the daemon" : by)

const list = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? (words[0] ?? "nothing") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`

const count = (many: number, one: string, more: string): string => `${many} ${many === 1 ? one : more}`

const leftover = ({ command, pid }: Leftover): string => `${pid} (${command})`

const exitOf = (code: number | null, signal: string | null): string =>
  signal !== null ? `by ${signal}` : code !== null ? `with code ${code}` : "in a way that no process saw"

const endOf = (cause: EndCause): string => {
  switch (cause.type) {
    case "clean":
      return "it exited with code 0"
    case "stopped":
      return `stopped by ${who(cause.by)}${cause.reason === "" ? "" : ` (${cause.reason})`}`
    case "crashed":
      return `it exited ${exitOf(cause.code, cause.signal)}`
    case "launch_failed":
      return `it could not be launched (${cause.code}: ${cause.message})`
    case "auth":
      return "the agent is not logged in"
    case "rate_limited":
      return `the agent is refused until ${iso(cause.until)}`
    case "host_rebooted":
      return "the machine was rebooted"
    case "lost":
      return `no process saw it end; it was last seen alive at ${iso(cause.lastSeenAt)}`
  }
}
