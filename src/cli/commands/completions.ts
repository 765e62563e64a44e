/** `reprise completions`: a script that teaches a shell this command line. */
import { Effect } from "effect"
import { Argument, Command, Completions } from "effect/cli"
import { print } from "../stdio.ts"

/** `program` is the whole command, which this is a part of: it is asked for when it is needed. */
export const completions = (program: () => Command.Command.Any) =>
  Command.make("completions", { shell: Argument.Literals("shell", ["bash", "zsh", "fish"]) }, ({ shell }) =>
    Effect.suspend(() => print(Completions.generate("reprise", shell, Completions.fromCommand(program()))))
  ).pipe(
    Command.withDescription("Print a completion script for a shell"),
    Command.withExamples([{ command: "source <(reprise completions bash)" }, { command: "reprise completions fish | source" }])
  )
