import { bareChain } from "./bare-chain.ts"
import { chain } from "./chain.ts"

bareChain("pi", {
  ready: /%\/128k \(auto\)/,
  fresh: (conversation) => ["--session-id", conversation],
  resume: (conversation) => ["--session-id", conversation]
})

chain("pi", { sources: ["hook", "screen"], asks: false, forks: true, models: "/model" })
