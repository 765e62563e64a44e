/** The program: reads the command line, and loads what that asks for: the daemon's parts for a daemon, next to nothing for a hook. */
import { commandName, hookWords } from "./cli/command-line.ts"
import { becomeWithFlags } from "./engine-flags.ts"
import { closeInherited } from "./infra/inherited-descriptors.ts"

const words = process.argv.slice(2)
const hook = hookWords(words)
if (commandName(words) === "serve") {
  // Before anything is open, and before the same process becomes another program that has it all.
  closeInherited()
  becomeWithFlags()
}
if (hook === undefined) {
  const [{ main }, { Effect }, { default: manifest }] = await Promise.all([
    import("./cli/program.ts"),
    import("effect"),
    import("../package.json", { with: { type: "json" } })
  ])
  main(words, manifest.version, {
    serve: (options) =>
      Effect.flatMap(
        Effect.promise(() => import("./serve.ts")),
        ({ serve }) => serve(options)
      ),
    stopLaunchesOf: (home) =>
      Effect.flatMap(
        Effect.promise(() => import("./stop-launches-of.ts")),
        ({ stopLaunchesOf }) => stopLaunchesOf(home)
      )
  })
} else {
  // The agent waits for it: the program that hooks call reads the rest of the command line, and loads nothing.
  process.argv.splice(2, words.length, ...hook)
  await import("./infra/hook/program.ts")
}
