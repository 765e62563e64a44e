/** A process that launches what its argument says and then, when asked, follows the output until it is killed. */
import { Effect, Stream } from "effect"
import { Output } from "../../src/infra/output/output.ts"
import { Runtime } from "../../src/infra/runtimes/runtime.ts"
import { runtimeOf } from "./holder-runtime.ts"

const { follow, home, order } = JSON.parse(process.argv[2] ?? "{}")

Effect.gen(function* () {
  const runtime = yield* Runtime
  yield* runtime.launch(order)
  process.stdout.write("launched\n")
  if (!follow) return
  yield* runtime.connect(order, 1, 0)
  yield* Stream.runForEach((yield* Output).follow(order.session, 0), () => Effect.sync(() => process.stdout.write("chunk\n")))
}).pipe(Effect.scoped, Effect.provide(runtimeOf(home)), Effect.runPromise)
