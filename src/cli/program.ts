/** The command line as a whole: parses, runs, and ends the process with the exit code and the words that belong to the outcome. */

import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer, type Runtime } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { commandName, namePolicies, separateCommand } from "./command-line.ts"
import { answer } from "./commands/answer.ts"
import { attach } from "./commands/attach.ts"
import { completions } from "./commands/completions.ts"
import { doctor } from "./commands/doctor.ts"
import { events } from "./commands/events.ts"
import { explain } from "./commands/explain.ts"
import { fork, messages } from "./commands/fork.ts"
import { hook } from "./commands/hook.ts"
import { input } from "./commands/input.ts"
import { lifecycle } from "./commands/lifecycle.ts"
import { ls, show } from "./commands/ls.ts"
import { model } from "./commands/model.ts"
import { output, screen } from "./commands/output.ts"
import { prompts } from "./commands/prompts.ts"
import { providers } from "./commands/providers.ts"
import { reload } from "./commands/reload.ts"
import { report } from "./commands/report.ts"
import { run, runFlags } from "./commands/run.ts"
import { send } from "./commands/send.ts"
import { Serve, serve } from "./commands/serve.ts"
import { StopLaunchesOf, shutdown } from "./commands/shutdown.ts"
import { state } from "./commands/state.ts"
import { tools } from "./commands/tools.ts"
import { trace } from "./commands/trace.ts"
import { wait } from "./commands/wait.ts"
import { outliveLogReader } from "./daemon-log.ts"
import { type CommandFailure, exitCodeOf, exitCodes, problemOf, sentenceOf, UsageFailure } from "./failures.ts"
import { root } from "./root.ts"
import type { ServeOptions } from "./serve-options.ts"
import { leaveKeysToScript, listenForEnd } from "./signals.ts"
import { leaveWithReader } from "./stdio.ts"
import { escapedJson, oneLine, printable } from "./text/sanitise.ts"
import { valuedFlags } from "./valued-flags.ts"

export const program = root.pipe(
  Command.withSubcommands([
    run,
    attach,
    ls,
    show,
    send,
    answer,
    prompts,
    input,
    events,
    output,
    screen,
    state,
    explain,
    trace,
    wait,
    ...lifecycle,
    reload,
    fork,
    messages,
    model,
    tools,
    providers,
    report,
    hook,
    serve,
    shutdown,
    doctor,
    completions((): Command.Command.Any => program)
  ])
)

/** What the command line runs of the daemon, loaded by the commands that need it. */
export interface Parts {
  readonly serve: (options: ServeOptions) => Effect.Effect<void, unknown>
  readonly stopLaunchesOf: (home: string) => Effect.Effect<number, unknown>
}

/** Runs one command line, and ends the process. */
export const main = (words: ReadonlyArray<string>, version: string, parts: Parts): void => {
  const serving = commandName(words) === "serve"
  if (serving) outliveLogReader()
  else leaveWithReader()
  const signalled = listenForEnd(serving)
  const json = words.slice(0, words.includes("--") ? words.indexOf("--") : words.length).includes("--json")

  const teardown: Runtime.Teardown = (exit, onExit) => {
    if (Exit.isSuccess(exit)) return onExit(exitCodes.ok)
    // A service that was asked to stop and did has succeeded: anything else is a failure to systemd and to Kubernetes.
    if (Cause.hasInterruptsOnly(exit.cause)) return onExit(serving ? exitCodes.ok : 128 + signalled())
    onExit(exitCodeAfter(exit.cause as Cause.Cause<unknown>, json))
  }
  Command.runWith(program, { version })(namePolicies(separateCommand(words, valuedFlags(runFlags)))).pipe(
    Effect.provideService(Serve, parts.serve),
    Effect.provideService(StopLaunchesOf, parts.stopLaunchesOf),
    Effect.provide(
      Layer.mergeAll(NodeServices.layer, presenter(json), CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }))
    ),
    NodeRuntime.runMain({ teardown, disableErrorReporting: true })
  )
  if (serving) leaveKeysToScript()
}

/** Says what went wrong on stderr, and which exit code that is. */
const exitCodeAfter = (cause: Cause.Cause<unknown>, json: boolean): number => {
  const error = Cause.squash(cause)
  if (!Cause.hasFails(cause)) {
    console.error(printable(`reprise: this is a fault in the program itself\n${Cause.pretty(cause)}`))
    return exitCodes.failure
  }
  // The presenter has shown it already, or the help that was asked for.
  if (CliError.isCliError(error)) return error._tag === "ShowHelp" && error.errors.length === 0 ? exitCodes.ok : exitCodes.usage
  const failure = error as CommandFailure
  if (failure._tag !== "ExitWith") {
    const [first, ...others] = json ? [escapedJson(JSON.stringify(problemOf(failure)))] : sentenceOf(failure).map(oneLine)
    console.error(printable([json ? first : `reprise: ${first}`, ...others].join("\n")))
  }
  return exitCodeOf(failure)
}

/** A mistyped command gets the error and where to read on, not the whole manual. */
const presenter = (json: boolean) =>
  CliOutput.layerPresenter({
    present: (event) =>
      event._tag === "InvalidInvocation"
        ? Effect.sync(() => {
            const said = event.errors.map(({ message }) => message)
            const { usage } = event.helpDoc
            const path = event.commandPath.join(" ")
            const problem = problemOf(new UsageFailure({ message: said.join("; ") }))
            const lines = json
              ? [escapedJson(JSON.stringify({ ...problem, usage }))]
              : [...said.map((message) => `reprise: ${message}`), `usage: ${usage}`, `more:  ${path} --help`]
            console.error(printable(lines.join("\n")))
          })
        : CliOutput.defaultPresenter.present(event)
  })
