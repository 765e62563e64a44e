/** Attacks by what an agent claims of its conversation: one that another session has, and files that are no conversation of its provider. */
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { HostileAgent } from "./hostile-agent.ts"

const refuse = (holds: boolean, broken: string) => {
  if (!holds) throw new Error(broken)
}

const sayConversation = async (agent: HostileAgent, conversation: string, transcript: string | null = null) => {
  const payload = {
    session_id: conversation,
    ...(transcript === null ? {} : { transcript_path: transcript }),
    source: "startup",
    cwd: "/tmp"
  }
  const { status } = await agent.hook("SessionStart", payload)
  refuse(status < 300, `the hook was answered ${status}`)
}

const conversationOf = async (daemon: TestDaemon, id: string) => (await daemon.session(id)).conversation

const claim = (id: string, does: string, promise: string, run: (owner: HostileAgent, other: HostileAgent) => Promise<string>): Attack => ({
  id,
  attacker: "agent",
  does,
  promise,
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    await using owner = await HostileAgent.of(daemon)
    await using other = await HostileAgent.of(daemon)
    return await run(owner, other)
  }
})

const isRefused = async (other: HostileAgent, heldBy: string) => {
  await until("the claim is refused", async () => (await other.daemon.types(other.id)).includes("ConversationRefused"))
  const refused = (await other.daemon.events(other.id)).filter(({ type }) => type === "ConversationRefused")
  refuse(refused.length === 1 && refused[0]!.data.heldBy === heldBy, JSON.stringify(refused))
}

/** No answer of the API names the file. */
const named = (id: string, does: string, pathOf: (agent: HostileAgent) => string): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: "does not take the file in: no answer names it, and the conversation is known without it",
  run: async ({ daemon }) => {
    await using agent = await HostileAgent.of(daemon)
    const path = pathOf(agent)
    await sayConversation(
      agent,
      agent.conversation.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
      path
    )
    await until("the conversation is known", async () => (await daemon.types(agent.id)).includes("ConversationKnown"))
    const conversation = await conversationOf(daemon, agent.id)
    refuse(conversation?.transcript === null, JSON.stringify(conversation))
    refuse(!(await agent.told()).includes(JSON.stringify(path).slice(1, -1)), `${path} stands in what the API tells`)
    return "not taken in"
  }
})

export const claims: ReadonlyArray<Attack> = [
  claim(
    "claims-01",
    "says that it has the conversation of another live session",
    "leaves it to the first, with a fact that says so",
    async (owner, other) => {
      await sayConversation(other, owner.conversation)
      await sayConversation(other, owner.conversation)
      await isRefused(other, owner.id)
      const { daemon } = owner
      const [first, second] = [await conversationOf(daemon, owner.id), await conversationOf(daemon, other.id)]
      refuse(first?.id === owner.conversation && second?.id === other.conversation, JSON.stringify({ first, second }))
      const { notice } = await daemon.session(other.id)
      refuse(notice?.includes(owner.id) === true, `the notice says ${notice}`)
      return "one owner; ConversationRefused once"
    }
  ),
  claim(
    "claims-02",
    "says 20 times that it has a new conversation, as another agent does at the same time",
    "gives it to one of them",
    async (owner, other) => {
      const contested = "11111111-2222-4333-8444-555555555555"
      await Promise.all(Array.from({ length: 20 }, () => [owner, other].map((agent) => sayConversation(agent, contested))).flat())
      const { daemon } = owner
      const ids = await Promise.all([owner, other].map(async ({ id }) => (await conversationOf(daemon, id))?.id))
      refuse(ids.filter((id) => id === contested).length === 1, JSON.stringify(ids))
      const [winner, loser] = ids[0] === contested ? [owner, other] : [other, owner]
      await isRefused(loser!, winner!.id)
      return "one owner"
    }
  ),
  claim("claims-03", "says so again after the daemon was killed", "still leaves it to the first", async (owner, other) => {
    const { daemon } = owner
    await daemon.kill()
    await daemon.start()
    await sayConversation(other, owner.conversation)
    await isRefused(other, owner.id)
    refuse((await conversationOf(daemon, other.id))?.id === other.conversation, "it has the conversation of the other")
    return "one owner"
  }),
  claim(
    "claims-04",
    "says that it has the conversation of a session that has ended",
    "lets it have that one, and refuses the resume of the first",
    async (owner, other) => {
      const { daemon } = owner
      await owner.stop()
      await sayConversation(other, owner.conversation)
      await daemon.reaches(other.id, "has the conversation", ({ conversation }) => conversation?.id === owner.conversation)
      const { body, status } = await daemon.ask("POST", `/v1/sessions/${owner.id}/resume`, {})
      const later = (body as Partial<SessionView> & { readonly code?: string }).code
      refuse(status === 409 && later === "conversation_in_use", `${status} ${JSON.stringify(body)}`)
      return "409 conversation_in_use"
    }
  ),
  named("claims-05", "names the daemon's database as its transcript", ({ daemon }) => join(daemon.home, "reprise.sqlite")),
  named("claims-06", "names a key of the user as its transcript", ({ folder }) => {
    writeFileSync(join(folder, "id_ed25519"), "key")
    return join(folder, "id_ed25519")
  }),
  named("claims-07", "names a file outside by a way through its provider's place", ({ projects }) => `${projects}/../../../outside.jsonl`),
  named("claims-08", "names a link in its provider's place that leads outside", ({ folder, projects }) => {
    writeFileSync(join(folder, "elsewhere.jsonl"), "")
    symlinkSync(join(folder, "elsewhere.jsonl"), join(projects, "inside.jsonl"))
    return join(projects, "inside.jsonl")
  }),
  named("claims-09", "names a file of the kernel as its transcript", () => "/proc/self/environ"),
  {
    id: "claims-10",
    attacker: "agent",
    does: "names a file in its provider's place that is not there yet",
    promise: "takes it in",
    run: async ({ daemon }) => {
      await using agent = await HostileAgent.of(daemon)
      await agent.claims(agent.transcript)
      const { conversation } = await daemon.reaches(
        agent.id,
        "the transcript is known",
        ({ conversation }) => conversation?.transcript != null
      )
      refuse(conversation?.transcript === agent.transcript, JSON.stringify(conversation))
      return "taken in"
    }
  }
]
