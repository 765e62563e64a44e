/** Images that go with a prompt: uploaded or named by their paths, looked at before anything is queued, and gone with their session. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { limits } from "../../src/domain/limits.ts"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { AttachmentView } from "../../src/http/contract/prompts.ts"
import { HttpServer } from "../../src/http/server.ts"
import { authorization, home, problemOf, raw, running } from "../support/http.ts"

const png = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.from("the rest of it")])
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])
const gif = Buffer.from("GIF89a and so on")
const webp = Buffer.from("RIFF\x0a\x00\x00\x00WEBPVP8 ", "latin1")

describe("attachments", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    const upload = Effect.fnUntraced(function* (id: string, body: Buffer | string, mediaType: string | undefined = "image/png") {
      const { port } = yield* HttpServer
      const type: Record<string, string> = mediaType === undefined ? {} : { "content-type": mediaType }
      return yield* raw({ port, method: "POST", path: `/v1/sessions/${id}/attachments`, headers: { ...authorization, ...type } }, body)
    })
    const prompt = Effect.fnUntraced(function* (id: string, body: unknown) {
      const { port } = yield* HttpServer
      const headers = { ...authorization, "content-type": "application/json" }
      return yield* raw({ port, method: "POST", path: `/v1/sessions/${id}/prompts`, headers }, JSON.stringify(body))
    })
    /** A session that will take nothing for as long as the test runs, in a directory of its own. */
    const inDirectory = Effect.gen(function* () {
      const cwd = mkdtempSync(join(tmpdir(), "reprise-images-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => execFileSync("rm", ["-rf", cwd])))
      const { id } = yield* running(["cat"], { cwd })
      return { cwd, id }
    })

    it.effect("are uploaded once, privately, and typed by their paths behind the text", () =>
      Effect.gen(function* () {
        const { id } = yield* inDirectory
        const kept = yield* upload(id, png)
        assert.strictEqual(kept.status, 201, kept.body)
        const view = JSON.parse(kept.body) as AttachmentView
        assert.deepInclude(view, { mediaType: "image/png", bytes: png.length, hash: createHash("sha256").update(png).digest("hex") })
        assert.strictEqual(statSync(view.path).mode & 0o777, 0o600)
        assert.strictEqual(statSync(dirname(view.path)).mode & 0o777, 0o700)
        assert.include(view.path, `/sessions/${id}/agent/attachments/`)
        assert.deepStrictEqual(JSON.parse((yield* upload(id, png, "image/*")).body), view)
        assert.strictEqual(readdirSync(dirname(view.path)).length, 1)
        for (const [bytes, mediaType] of [
          [jpeg, "image/jpeg"],
          [gif, "image/gif"],
          [webp, "image/webp"]
        ] as const)
          assert.strictEqual(JSON.parse((yield* upload(id, bytes)).body).mediaType, mediaType)

        const sent = yield* prompt(id, { id: "p", text: "see", attachments: [{ id: view.id }, { path: view.path }] })
        assert.strictEqual(sent.status, 202, sent.body)
        const { attachments } = JSON.parse(sent.body) as PromptView
        const { id: _, ...recorded } = view
        assert.deepStrictEqual(attachments, [recorded, recorded])
        const { port } = yield* HttpServer
        yield* raw({ port, path: `/v1/sessions/${id}/prompts/p?wait=submitted`, headers: authorization })
        const output = yield* raw({ port, path: `/v1/sessions/${id}/output?from=0`, headers: authorization })
        assert.include(output.body, `see\r\n${view.path}\r\n${view.path}`)
      }).pipe(Effect.scoped)
    )

    it.effect("are refused by name when they are not images, too large, or without an owner", () =>
      Effect.gen(function* () {
        const { id } = yield* inDirectory
        for (const body of ["", "plain text", "\x89PNG", "<svg/>"])
          assert.strictEqual(problemOf(yield* upload(id, body), 422).code, "attachment_not_image")
        assert.strictEqual(problemOf(yield* upload(id, png, "text/plain"), 415).code, "unsupported_media_type")
        assert.strictEqual(problemOf(yield* upload(id, Buffer.alloc(limits.attachmentBytes + 1)), 413).code, "body_too_large")
        assert.strictEqual(problemOf(yield* upload("s-0123456789ab", png), 404).code, "session_not_found")
        const largest = Buffer.concat([png, Buffer.alloc(limits.attachmentBytes - png.length)])
        assert.strictEqual((yield* upload(id, largest)).status, 201)
      }).pipe(Effect.scoped)
    )

    it.effect("lie in the session's directory, wherever links lead, and are images by their bytes", () =>
      Effect.gen(function* () {
        const { cwd, id } = yield* inDirectory
        const outside = mkdtempSync(join(tmpdir(), "reprise-outside-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => execFileSync("rm", ["-rf", outside])))
        mkdirSync(join(cwd, "deep"))
        writeFileSync(join(cwd, "deep", "in.png"), png)
        writeFileSync(join(outside, "secret.png"), png)
        writeFileSync(join(cwd, "text.png"), "no image")
        writeFileSync(join(cwd, "line\nend.png"), png)
        writeFileSync(join(cwd, "huge.png"), png)
        truncateSync(join(cwd, "huge.png"), limits.attachmentBytes + 1)
        symlinkSync(join(outside, "secret.png"), join(cwd, "link.png"))
        symlinkSync(outside, join(cwd, "folder"))
        symlinkSync("deep/in.png", join(cwd, "good-link.png"))
        execFileSync("mkfifo", [join(cwd, "pipe.png")])
        const code = Effect.fnUntraced(function* (path: string) {
          const answer = yield* prompt(id, { text: "x", attachments: [{ path }] })
          return answer.status === 202 ? (JSON.parse(answer.body) as PromptView).attachments?.[0]?.path : problemOf(answer).code
        })
        assert.strictEqual(yield* code(join(cwd, "deep/in.png")), join(cwd, "deep/in.png"))
        assert.strictEqual(yield* code("deep/in.png"), join(cwd, "deep/in.png"))
        assert.strictEqual(yield* code(join(cwd, "good-link.png")), join(cwd, "deep/in.png"))
        for (const path of [join(outside, "secret.png"), "link.png", "folder/secret.png", `../${outside.split("/").at(-1)}/secret.png`])
          assert.strictEqual(yield* code(path), "attachment_outside_roots", path)
        for (const path of ["text.png", "deep", "pipe.png"]) assert.strictEqual(yield* code(path), "attachment_not_image", path)
        assert.strictEqual(yield* code("absent.png"), "attachment_missing")
        assert.strictEqual(yield* code("line\nend.png"), "attachment_not_typable")
        assert.strictEqual(yield* code("huge.png"), "attachment_too_large")
        const missing = problemOf(
          yield* prompt(id, { text: "x", attachments: [{ path: "deep/in.png" }, { id: `a-${"0".repeat(24)}` }] }),
          422
        )
        assert.deepStrictEqual([missing.code, missing.errors?.[0]?.field], ["attachment_missing", "attachments.1"])
        const nine = Array.from({ length: limits.attachments + 1 }, () => ({ path: "deep/in.png" }))
        assert.deepStrictEqual(
          problemOf(yield* prompt(id, { text: "x", attachments: nine }), 400).errors?.map(({ field }) => field),
          ["attachments"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("are gone when their session is terminated", () =>
      Effect.gen(function* () {
        const { id } = yield* inDirectory
        const { path } = JSON.parse((yield* upload(id, png)).body) as AttachmentView
        const { port } = yield* HttpServer
        const command = (name: string) =>
          raw(
            { port, method: "POST", path: `/v1/sessions/${id}/${name}`, headers: { ...authorization, "content-type": "application/json" } },
            "{}"
          )
        yield* command("kill")
        yield* raw({ port, path: `/v1/sessions/${id}/wait?for=ended`, headers: authorization })
        assert.isTrue(existsSync(path))
        assert.strictEqual((yield* command("terminate")).status, 202)
        assert.isFalse(existsSync(dirname(dirname(path))))
        assert.strictEqual(problemOf(yield* upload(id, png), 409).code, "terminated")
      }).pipe(Effect.scoped)
    )
  })
})
