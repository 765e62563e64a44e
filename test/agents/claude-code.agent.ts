import { bareChain } from "./bare-chain.ts"

bareChain("claude-code", {
  ready: /^❯/m,
  fresh: (conversation) => ["--session-id", conversation],
  resume: (conversation) => ["--resume", conversation]
})
