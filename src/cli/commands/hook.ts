/** `reprise hook`: what agents' hooks call. Its work is done before any command line is read; here it is described, and its mistakes are. */
import { Argument, Command } from "effect/cli"
import { UsageFailure } from "../failures.ts"

export const hook = Command.make(
  "hook",
  {
    event: Argument.String("event").pipe(Argument.withDescription("The agent's own name of what happened")),
    payload: Argument.String("payload").pipe(
      Argument.withDescription("What it says of it, as JSON; absent: what stdin says"),
      Argument.optional
    )
  },
  () => new UsageFailure({ message: "a hook is called as: reprise hook [--json] <event> [payload]" })
).pipe(
  Command.withDescription("Pass what an agent's hook received to the daemon, from the agent's own environment (--json prints {})"),
  Command.withExamples([
    { command: "reprise hook Stop", description: "In the hooks of an agent's own settings; outside of a session it does nothing" }
  ])
)
