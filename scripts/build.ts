/** Builds what cannot run as source: the holder as one file (it outlives checkouts), and the JavaScript that a package carries. */
import { build } from "esbuild"

const common = { bundle: true, platform: "node", target: "node24", logLevel: "warning" } as const

await build({
  ...common,
  entryPoints: ["src/infra/holder/program.ts"],
  outfile: "dist/holder.cjs",
  format: "cjs",
  // node-pty finds its native module relative to the file it stands in: the bundle carries it beside itself.
  minify: true
})
await build({ ...common, entryPoints: ["src/main.ts"], outfile: "dist/main.js", format: "esm", packages: "external" })
