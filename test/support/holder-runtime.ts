/** The pty runtime and its output over one home. */
import { Layer } from "effect"
import { Output } from "../../src/infra/output/output.ts"
import { ptyRuntime } from "../../src/infra/runtimes/pty.ts"

export const runtimeOf = (home: string) => ptyRuntime({ home }).pipe(Layer.provideMerge(Output.layer({ home })))
