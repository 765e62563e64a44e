import { chain } from "./chain.ts"
chain("gemini", { sources: ["osc", "screen", "transcript"], asks: true })
