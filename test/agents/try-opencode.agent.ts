import { chain } from "./chain.ts"
chain("opencode", { sources: ["hook", "screen", "osc"], asks: true })
