/** Every limit has a name, and stands here once. Milliseconds, bytes and counts, as the suffix says. */
export const limits = {
  /** A create, a patch, a report. RFC 9110 leaves the figure to us; 1 MiB holds any prompt. */
  bodyBytes: 1_048_576,
  liveSessions: 200,
  nameChars: 128,
  /** A regular expression of a provider that a user wrote. */
  patternChars: 1_024,
  /** Of a screen's text, the end that such expressions read: 300 lines of 200 columns. */
  screenRuleChars: 65_536,
  /** What a user's provider file may hold, and how long an agent may take to print its version (seven seconds were seen). */
  providerFileBytes: 65_536,
  versionMs: 20_000,
  /** A question, a detail, a message in a list, as it is shown. */
  questionChars: 1_024,
  /** What is kept of a message that this version does not know. */
  unknownRawChars: 2_048,
  labels: 32,
  labelKeyChars: 64,
  labelValueChars: 256,
  commandWords: 256,
  commandChars: 65_536,
  envEntries: 512,
  envNameChars: 256,
  envBytes: 262_144,
  cwdChars: 4_096,
  /**
   * Looks at paths that requests name, and how long one may take: a path on a mount that is gone never answers, and keeps one of the four
   * threads of libuv. A slow network answers within a second or two.
   */
  pathLooksAtOnce: 2,
  pathLookMs: 5_000,
  cols: { minimum: 1, maximum: 1_000 },
  rows: { minimum: 1, maximum: 1_000 },
  /** Raw input of one call. */
  inputBytes: 65_536,
  /** One line into a terminal in canonical mode: Linux keeps 4,095 bytes of it, and drops the rest without a word (n_tty). */
  canonicalLineBytes: 4_095,
  /** How often a holder from before `obstacle` is asked again to type a prompt while nothing is echoed, and for how long; and how soon a prompt in whose way a question stood may be typed. */
  typeAgainMs: 250,
  /** How long the Enter of a prompt waits for its daemon, and how long a daemon waits for what the agent said before it decides. */
  enterAwaitedMs: 30_000,
  /** A permission that comes later than this after the holder asked for it says what was so then: a daemon that stood still is asked again. Reading a screen's output takes some 30 ms. */
  enterFreshMs: 250,
  /** How often one Enter is asked for. A busy machine may answer late each time, and is no reason to press none. */
  enterAskedTimes: 4,
  knownWithinMs: 2_000,
  typeWithinMs: 60_000,
  /** How often the daemon looks whether the terminal of a waiting prompt echoes again: each look is a process of stty. */
  echoLookMs: 500,
  /** Raw inputs accepted and not yet written. */
  pendingWrites: 64,
  clientsPerSession: 64,
  /** Prompts of one session whose fate is open. A full queue refuses the new one and keeps the old. */
  prompts: 100,
  promptBytes: 262_144,
  promptNameChars: 128,
  conversationChars: 128,
  modelChars: 128,
  /** Sessions that one request may prompt. */
  promptTargets: 200,
  /** From Enter to the first sign that the agent took the prompt; a busy agent may queue it for as long as its turn lasts. */
  acceptMs: 15_000,
  acceptWhileBusyMs: 3_600_000,
  /** An interrupt counts for so long: pressed twice, several agents end. */
  interruptMs: 10_000,
  /** How long a dialog must stand on the screen of an agent that its stronger source calls idle, before it counts. */
  dialogStandsMs: 1_500,
  /** How long an answer waits for its question to be on the screen: on a busy machine agents draw seconds after they ask. */
  questionDrawnMs: 10_000,
  /**
   * What a question is about may change so often within so long, each time as another question; what moves faster is drawn for its looks, and no
   * person could answer it.
   */
  subjectChanges: 5,
  subjectChangesMs: 4_000,
  /** How long a composer that was just drawn must stand there before it is believed: pi swallows Enter for some 200 ms. */
  composerSettleMs: 600,
  /** How often the daemon looks whether a program that spoke still has the terminal. */
  speakerLookMs: 1_000,
  /** How often the daemon looks whether an agent is stopped, and how long it must stay so: a shell takes its terminal back meanwhile. */
  suspensionLookMs: 1_000,
  suspensionSettleMs: 200,
  /** How long `continue` waits for the session to be seen running, and between its looks: five looks of the daemon. */
  continuedMs: 5_000,
  continuedLookMs: 100,
  /** The longest name of a directory for temporary files: a socket has 107 bytes (unix(7)), and agents name theirs in some twenty behind it. */
  temporaryBytes: 76,
  /** How long a child may take from fork(2) to exec(2), and how long a launch that fails so is tried again: npm replaces a package meanwhile. */
  execMs: 2_000,
  launchAgainMs: 3_000,
  launchAgainEveryMs: 200,
  /** An agent that only seems to work, and prints nothing for so long, may have stopped: its activity is unknown. */
  silenceMs: 60_000,
  /** A resume that ends the agent sooner is suspected, and after this many in a row the conversation is. */
  poisonedResumeMs: 5_000,
  poisonedResumes: 2,
  /** Kinds of unknown messages that one session keeps a sample of. */
  unknownKinds: 32,
  /** What a question offers, and how much of each choice is shown. */
  choices: 32,
  choiceChars: 256,
  /** Tokens of one session: sums stay below 2⁵³, up to which numbers in JSON are exact. */
  tokens: 1_000_000_000_000_000,
  /** Images of one prompt, and bytes of one image. */
  attachments: 8,
  attachmentBytes: 10_485_760,
  /** Uploaded images that one session keeps, together. */
  attachmentsKeptBytes: 268_435_456,
  /** One word of what an agent says of itself, and how many reports it may make: each is a fact. */
  reportChars: 1_024,
  reportsBurst: 60,
  reportsPerSecond: 1,
  promptExpiryMs: { minimum: 1_000, maximum: 7 * 86_400_000 },
  mailbox: 1_024,
  /** Words of an agent that wait for its session. Beyond it the newest of each kind are kept. */
  waitingWords: 64,
  /** The same from when the budget of their facts is spent until none waits: the newest then waits for two seconds, and not for thirteen. */
  waitingWordsBehind: 8,
  /** Facts that come of an agent's words: a busy agent makes one or two a second, a flood may make no more than this. */
  wordFactsBurst: 100,
  wordFactsPerSecond: 5,
  ladderRungs: 8,
  rungWaitMs: { minimum: 0, maximum: 600_000 },
  readyTimeoutMs: { minimum: 1_000, maximum: 600_000 },
  idleStopMs: { minimum: 1_000, maximum: 30 * 86_400_000 },
  backoffMs: { minimum: 100, maximum: 86_400_000 },
  healthyAfterMs: { minimum: 1_000, maximum: 86_400_000 },
  /** What a program writes over its window, and what it wants a person to see. */
  titleChars: 512,
  /** How long an agent's question for a colour waits for the answer of a terminal that was attached just now: some answer over a slow line. */
  terminalColoursMs: 4_000,
  /** Titles of an agent on the stack of a terminal: xterm holds ten, and the lowest is the person's own. */
  terminalTitles: 8,
  notificationChars: 2_048,
  /** One line of a file that an agent writes: images stand in it as text. */
  transcriptLineBytes: 8_388_608,
  /** A conversation's file that is followed, listed or copied: none of the known agents came near. */
  transcriptBytes: 1_073_741_824,
  /** Of a conversation that is listed: what its thread holds of lines, what an answer holds of messages, its memory, its time. */
  historyEntries: 1_000_000,
  historyMessages: 10_000,
  historyHeapMegabytes: 768,
  historyMs: 60_000,
  /** Conversations that are read whole at the same time: each takes a core. */
  historiesAtOnce: 2,
  /** The most of one core that a file is read with which an agent writes without end, in hundredths. */
  tailPercent: 25,
  /** Between two looks at a file that is written without end, and after one that was replaced: an agent may replace it in a loop. */
  lookMs: 10,
  restartMs: 200,
  /** Names that are looked through in one directory of an agent: it can make millions. */
  directoryNames: 4_096,
  /** Sessions that a home is looked through for. */
  sessionDirectories: 65_536,
  /** Small files of a launch (owner, identity, epoch), and its specification, which holds the environment. */
  launchFileBytes: 65_536,
  launchSpecBytes: 4_194_304,
  /** A journal that is read from the disk: some hundred thousand entries, of a flood that outran its retention for days. */
  journalBytes: 16_777_216,
  /** Entries of a journal that wait for their session: more are a flood, of what only pretends to be a holder. */
  journalQueue: 65_536,
  /** Lines of the daemon's own log that wait for their reader: an hour of a busy daemon. */
  logBacklogBytes: 4_194_304,
  /** A value in the daemon's log: a stack of thirty calls fits. A line: the most that journald keeps whole is 48 KiB (journald.conf(5), LineMax). */
  logValueChars: 4_096,
  logLineChars: 32_768,
  /** How often the log's files are looked at where nothing is written: two calls of lstat(2). */
  logWatchMs: 1_000,
  /** How long a holder whose directory was deleted, and that no daemon is attached to, lets its agent run before it runs the ladder. */
  desertedMs: 30_000,
  /** How often live launches are looked at for what keeps them from being under control: three system calls for each. */
  troubleLookMs: 5_000,
  /** How long a request to type waits for the terminal before it is answered `uncertain`: less than a client waits. */
  inputAnswerMs: 20_000,
  /** How often the daemon looks at its note and its socket: two calls of lstat(2). Until then clients find the daemon by its lock. */
  noteWatchMs: 2_000,
  /** No home is started so often. A higher epoch on the disk is an agent's, and would end all others after it. */
  epochOnDisk: 2_147_483_647,
  /** The environment of a session in JSON: `envBytes`, every byte of it escaped. */
  environmentFileBytes: 2_097_152,
  /** Output of a session, ever: what its index can count to, and a hundred years at 40 kB/s. */
  outputOffset: 140_737_488_355_328,
  /** How far a segment that confirms nothing may lie behind the one before: a holder that lost output to a full disk begins one so. */
  outputJumpBytes: 1_099_511_627_776,
  /** One record of the index covers so many bytes at most; a holder keeps pieces of 64 KiB. */
  outputChunkBytes: 16_777_216,
  /** Records at the end of an index that may be torn: a crash tears one, and what is torn further is another's. */
  tornRecords: 1_024,
  /** A screen of the past as a file: 1,000 by 1,000 cells with their colours. */
  screenFileBytes: 67_108_864,
  /** What Claude Code writes of itself: it reads no more of it either. */
  statusFileBytes: 262_144,
  /** How often a watched file is looked at without a word from inotify, which misses changes on some file systems; and one that cannot be watched. */
  filePollMs: 5_000,
  blindPollMs: 500,
  /** A hook's call: its id and its name; what it may say; each string in it, where it says more; and how much of it is read at all. */
  hookIdChars: 64,
  hookEventChars: 128,
  hookPayloadBytes: 524_288,
  hookTextChars: 2_048,
  hookInputBytes: 33_554_432,
  /** What a hook may cost its agent beyond the start of a process: for its payload to arrive, and for the daemon to answer. */
  hookInputMs: 1_000,
  hookAnswerMs: 700,
  /**
   * How long an extension in an agent waits for the daemon to answer one call, and then for the hook program to keep it. The next call waits
   * as long. A hook program needs its own two limits and the start of a Node, which takes seconds on a busy machine.
   */
  extensionAnswerMs: 1_000,
  extensionHookMs: 5_000,
  /** What hooks of one session leave behind while no daemon answers them. */
  hookSpoolBytes: 16_777_216,
  /** A screen is read when the output has been quiet for so long, and now and then while it is not: a spinner never is. */
  screenQuietMs: 200,
  screenFlowMs: 2_000,
  attempts: { minimum: 0, maximum: 100 },
  /** At most this many relaunches in any window, healthy gaps or not: endless loops of sixty-one seconds are loops too. */
  relaunchesPerWindow: 5,
  relaunchWindowMs: 600_000,
  /** From the intent of a launch to its holder's word; a Node process starts in 30 ms, so this is a machine in trouble. */
  launchMs: 15_000,
  /** Launches of a session whose program's folder is tried where neither its PATH nor the caller's has the program. */
  launchesSearched: 1_000,
  /** Between "never became ready" and the reclaim of the process: a late agent is still welcome. */
  reclaimGraceMs: 5_000,
  /** What the holder may take beyond the sum of its ladder before the daemon sweeps the tree itself. */
  stopMarginMs: 15_000,
  /** Looks in a row, over 200 ms, that find no process of a tree before the tree is called ended: one that forks and exits is missed by chance. */
  emptyLooks: 5,
  /** Looks that do not count because processes came and went unseen; a busy machine has always some. 25 slices of `huntMs` are half a second. */
  doubtfulLooks: 25,
  huntMs: 20,
  /** Scans until all of a tree is stopped: each finds what was forked during the one before. */
  freezingLooks: 20,
  /** Rounds of follow-ups that one input may cause. Each moves one of at most 100 prompts through at most five stages: more is a rule that contradicts itself. */
  followUpRounds: 1_000,
  /** Most facts between two checkpoints of a session. */
  factsPerCheckpoint: 32,
  /** One checkpoint of each run of so many facts is kept: what a fold of any moment in the past begins with. */
  factsPerMilestone: 256,
  /** Links of one explanation: a chain of relaunches goes back to the first launch. */
  explainLinks: 64,
  /** Between two sessions that are folded again and compared with their log, the facts of one go, and the most of one core, in hundredths. */
  shadowMs: 30_000,
  shadowSliceFacts: 50,
  shadowPercent: 2,
  /** One round in so many folds a session from its first fact, not from its checkpoint. */
  shadowWholeEvery: 10,
  pageSize: { default: 100, maximum: 1_000 },
  /** How long the command line waits for a daemon's answer, beyond what it has asked it to wait, and for its sign of life. */
  answerMs: 30_000,
  healthMs: 10_000,
  idempotencyKeyChars: 255,
  idempotencyMs: 7 * 86_400_000,
  waitMs: 300_000,
  outputRetentionBytes: 67_108_864,
  /** Named keys of one input. */
  inputKeys: 256,
  /** The reason that a client gives for a stop, kill or terminate. */
  reasonChars: 512,
  /** How long a request may take to send its headers, and to send everything: a slow sender must not hold a connection. */
  headersMs: 10_000,
  requestMs: 30_000,
  connections: 2_048,
  /** Least characters behind `s-` by which a person may name a session: one of them fits too many sessions by accident. */
  beginningOfIdChars: 2,
  /**
   * Open files: 30 were seen of an idle daemon, four more for each thread; a session has its holder's socket, two output files, and
   * a file that is read; a connection has its socket, and a file where it reads output.
   */
  descriptors: { minimum: 128, forDaemon: 64, perSession: 5, perConnection: 2 },
  /** Requests that one connection may send before their answers: with 60, a turn of the event loop took 118 ms for 16 connections. */
  pipelinedRequests: 16,
  /** Fields of one query: each costs a look, and the contract knows fewer than ten. */
  queryFields: 64,
  /** Levels of a JSON body: its readers recurse, and no body of the interface has ten. */
  jsonLevels: 64,
  /** Values and keys of a JSON body: 25,000 keys take a parser and a schema 40 ms together, and a megabyte of them 400 ms. */
  jsonValues: 50_000,
  /** Values of a JSON body that are checked for every error; in a larger one the first error ends the check. */
  jsonValuesCheckedWhole: 2_000,
  /** What a problem says, whatever the request was: errors, the characters of each, and bytes of the whole. */
  problemErrors: 20,
  problemErrorChars: 256,
  problemDetailChars: 2_048,
  problemBytes: 8_192,
  /** Between two signs of life on a stream, and before a silent terminal connection counts as broken. */
  heartbeatMs: 15_000,
  pongMs: 30_000,
  /** What a shutdown grants to requests and streams before it cuts them. */
  drainMs: 5_000,
  attachTickets: 1_000,
  attachTicketMs: 30_000,
  /** One frame of an attached client. */
  clientFrameBytes: 65_536,
  /** How far an attached client may lag before it gets the present screen instead of the past. */
  attachLagBytes: 16_777_216,
  /**
   * Screens kept in memory; how far back a known screen may lie that one is drawn from, and how much is drawn where none does; their
   * scrollback, and how long they stay unused.
   */
  screens: 64,
  screenReplayBytes: 8_388_608,
  screenTailBytes: 4_194_304,
  screenScrollback: 1_000,
  screenIdleMs: 60_000,
  /** A screen of the past: a checkpoint for so much output, with so many lines that scrolled off it, and what is drawn where there is none. */
  screenCheckpointBytes: 1_048_576,
  screenCheckpointLines: 100,
  screenPastReplayBytes: 2_097_152,
  /** How often is looked whether a session has gone quiet, and the most of one core that goes into checkpoints, in hundredths. */
  screenKeepMs: 15_000,
  screenKeepPercent: 20,
  /** A trace that is sent to be decided again, and one line of it: a prompt's text in JSON is the longest. */
  replayBytes: 134_217_728,
  traceLineChars: 4_194_304,
  /** Output in one line of a trace, at most. */
  traceChunkBytes: 65_536,
  /**
   * One sequence of a terminal: the body of a string that is read (a palette of 256 colours takes 6 kB), and of one that may be a
   * picture; its parameters and their number (xterm reads 32), and any number in them.
   */
  terminalStringBytes: 8_192,
  terminalPictureBytes: 1_048_576,
  terminalParameterBytes: 512,
  terminalParameters: 32,
  terminalSubParameters: 8,
  terminalNumber: 65_535,
  /** Controls inside one sequence. */
  terminalHeldControls: 32,
  /** A terminal of another size than the session's is drawn again so long after the last time, at the soonest. */
  attachDrawnMs: 30,
  /** Code points of one cell: the longest emoji that Unicode recommends has ten, Zalgo text has no end. */
  cellCodePoints: 16,
  /**
   * Cells of one screen with what scrolled off it, and of all that are in memory: a cell is 12 bytes. What is drawn at once, in bytes.
   */
  screenCells: 1_000_000,
  screensCells: 4_000_000,
  screenPageBytes: 65_536,
  /**
   * The processor's time that a session may take for its screen: so much at once, so much for each MB that it prints (an ordinary
   * program takes 100 ms), and a tenth of the time that goes by. A session that takes more has no screen for a while, twice as long
   * each time.
   */
  screenBurstMs: 1_000,
  screenMsPerMegabyte: 1_000,
  screenRegainPercent: 10,
  screenBarMs: { minimum: 30_000, maximum: 3_600_000 },
  /** What the thread of the screens may hold on its heap, and how long it may be silent: no piece of work takes a tenth of it. */
  screenHeapMegabytes: 256,
  screenSilenceMs: 15_000,
  /** Questions of one program that its terminal answers in a second: a palette is 256 of them. */
  terminalAnswersPerSecond: 512,
  /** What one session's output may take of the daemon's own time to be read for words and questions, in hundredths, and at once. */
  listeningPercent: 20,
  listeningMs: 4,
  /** More than so many bytes in so long are a flood; its reader then waits so long for more before each read. */
  listeningFloodBytes: 65_536,
  listeningFloodMs: 100,
  listeningGatherMs: 25,
  /** A reader that stays this far behind the end of the output is late: a screen redrawn at once is smaller, a flood stays larger. */
  listeningBehindBytes: 262_144,
  listeningBehindMs: 2_000,
  listeningLookMs: 250
} as const
