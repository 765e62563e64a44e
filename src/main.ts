/** The program: reads the command line; the daemon's parts are loaded only when it is to be one. */
import { Effect } from "effect"
import manifest from "../package.json" with { type: "json" }
import { main } from "./cli/program.ts"

main(process.argv.slice(2), manifest.version, (options) =>
  Effect.flatMap(
    Effect.promise(() => import("./serve.ts")),
    ({ serve }) => serve(options)
  )
)
