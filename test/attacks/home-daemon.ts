/** A daemon for an attack on its home: run there, asked for sessions, and ended with them. */
import { TestDaemon } from "../support/daemon.ts"

/** Runs a daemon there and ends it, with its sessions. */
export const withDaemon = async <A>(home: string, run: (daemon: TestDaemon) => Promise<A>): Promise<A> => {
  const daemon = new TestDaemon(home)
  try {
    await daemon.start()
    return await run(daemon)
  } finally {
    await end(daemon)
  }
}
/** A log that cannot record is no reason to leave an agent behind. */
export const end = async (daemon: TestDaemon) => {
  for (const id of await idsOf(daemon)) await daemon.ask("POST", `/v1/sessions/${id}/kill`, {}).catch(() => {})
  await daemon.kill("SIGTERM")
}
export const idsOf = async (daemon: TestDaemon): Promise<ReadonlyArray<string>> => {
  const { body } = await daemon.ask("GET", "/v1/sessions?limit=1000").catch(() => ({ body: { data: [] } }))
  return ((body as { readonly data?: ReadonlyArray<{ readonly id: string }> }).data ?? []).map(({ id }) => id)
}
export const shell = (daemon: TestDaemon) => daemon.ask("POST", "/v1/sessions", { command: ["true"], cwd: "/tmp" })
export const named = (daemon: TestDaemon, name: string) => daemon.ask("POST", "/v1/sessions", { command: ["true"], cwd: "/tmp", name })

export const mib = 1_048_576
