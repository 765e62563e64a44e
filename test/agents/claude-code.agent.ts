import { bareChain } from "./bare-chain.ts"
import { chain } from "./chain.ts"
import { trust } from "./trust.ts"

bareChain("claude-code", {
  ready: /^❯/m,
  fresh: (conversation) => ["--session-id", conversation],
  resume: (conversation) => ["--resume", conversation]
})

chain("claude-code", { sources: ["protocol", "hook"], asks: true, forks: true })

trust("claude-code")
