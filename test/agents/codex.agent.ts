import { readdirSync } from "node:fs"
import { join } from "node:path"
import { bareChain } from "./bare-chain.ts"
import { chain } from "./chain.ts"
import { trust } from "./trust.ts"

bareChain("codex", {
  ready: /› Ask Codex to do anything/,
  fresh: () => ["--no-daemon"],
  resume: (conversation) => ["resume", conversation, "--no-daemon"],
  conversation: ({ scratch }) =>
    readdirSync(join(scratch.home, ".codex/thread-writer-locks"))
      .find((name) => /^[0-9a-f-]{36}\.lock$/.test(name))!
      .replace(".lock", "")
})

chain("codex", { sources: ["protocol", "screen", "transcript"], asks: true, forks: true })

trust("codex")
