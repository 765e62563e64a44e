/** The pty runtime, its output and its terminals over one home. */
import { Layer } from "effect"
import { Output } from "../../src/infra/output/output.ts"
import { ptyRuntime } from "../../src/infra/runtimes/pty.ts"
import { Answering } from "../../src/infra/screens/answering.ts"
import { Emulators } from "../../src/infra/screens/emulators.ts"

export const runtimeOf = (home: string) =>
  Layer.mergeAll(ptyRuntime({ home }), Answering.layer.pipe(Layer.provideMerge(Emulators.layer))).pipe(
    Layer.provideMerge(Output.layer({ home }))
  )
