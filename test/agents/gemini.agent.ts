import { bareChain } from "./bare-chain.ts"

bareChain("gemini", {
  ready: /Type your message/,
  fresh: (conversation) => ["--session-id", conversation],
  resume: (conversation) => ["--resume", conversation]
})
