/** A program that asks its terminal what is in the file named first, at once and on each line feed, and keeps what it reads in the second. */
import { appendFileSync, readFileSync } from "node:fs"

const [questions, heard] = process.argv.slice(2) as [string, string]
const ask = () => process.stdout.write(readFileSync(questions))

process.stdin.setRawMode(true)
process.stdin.on("data", (chunk: Buffer) => {
  appendFileSync(heard, chunk)
  if (chunk.includes("\n")) ask()
})
ask()
