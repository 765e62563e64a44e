/** The interface over the real stack, in one home: log, holders, ptys, actors and both listeners. */
import { join } from "node:path"
import { Layer } from "effect"
import { Fencing } from "../../src/actors/fencing.ts"
import { layer as registryLayer } from "../../src/actors/registry.ts"
import { Shadow } from "../../src/actors/shadow.ts"
import { RequestHasher } from "../../src/http/request-hasher.ts"
import { HttpServer } from "../../src/http/server.ts"
import { AgentFiles } from "../../src/infra/agents/agent-files.ts"
import { Attachments } from "../../src/infra/agents/attachments.ts"
import { BootClock } from "../../src/infra/boot-clock.ts"
import { Evidence } from "../../src/infra/evidence/evidence.ts"
import { Transcripts } from "../../src/infra/evidence/transcripts.ts"
import { HookProgram } from "../../src/infra/hook/hook-program.ts"
import { HookTokens } from "../../src/infra/hook/tokens.ts"
import { layer as logLayer } from "../../src/infra/log/event-log.ts"
import { Providers } from "../../src/infra/providers/providers.ts"
import { PastScreens } from "../../src/infra/screens/past-screens.ts"
import { Screens } from "../../src/infra/screens/screens.ts"
import { Secrets } from "../../src/infra/secrets.ts"
import { Texts } from "../../src/infra/texts.ts"
import { runtimeOf } from "./holder-runtime.ts"

export const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/** Everything that `serve` would build; killed with the home when the scope of the tests closes. */
export const daemonIn = (home: string) => {
  const infra = Layer.mergeAll(
    logLayer(join(home, "reprise.db")),
    Evidence.layer(home).pipe(Layer.provideMerge(Screens.layer), Layer.provideMerge(runtimeOf(home))),
    Transcripts.layer(home),
    HookProgram.layer({ home, socketPath: () => join(home, "http.sock") }).pipe(
      Layer.provideMerge(Layer.mergeAll(HookTokens.layer(home), AgentFiles.layer(home)))
    ),
    Providers.layer({ home, own: process.env }),
    Secrets.layer(home),
    Texts.layer(home),
    BootClock.layer,
    Fencing.layer
  )
  const actors = registryLayer({ liveSessions: 20, environment: process.env }).pipe(Layer.provideMerge(infra))
  const services = Layer.mergeAll(PastScreens.layer, Shadow.layer(), RequestHasher.layer, Attachments.layer).pipe(
    Layer.provideMerge(actors)
  )
  const server = HttpServer.layer({ host: "127.0.0.1", port: 0, socketPath: join(home, "http.sock"), token, version: "test", epoch: 1 })
  return server.pipe(Layer.provideMerge(services))
}
