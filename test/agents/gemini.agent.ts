import { bareChain } from "./bare-chain.ts"
import { chain } from "./chain.ts"
import { trust } from "./trust.ts"

bareChain("gemini", {
  ready: /Type your message/,
  fresh: (conversation) => ["--session-id", conversation],
  resume: (conversation) => ["--resume", conversation]
})

chain("gemini", {
  sources: ["osc", "screen", "transcript"],
  asks: true,
  forks: false,
  // An interrupted turn makes it write its history again, without its beginning.
  remembers: ["the kite is red [slow 4000]"]
})

trust("gemini", { restarts: true })
