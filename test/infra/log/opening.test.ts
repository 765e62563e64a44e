import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, writeSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { openDatabase } from "../../../src/infra/log/database.ts"
import { networkFileSystemOf } from "../../../src/infra/log/disk.ts"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { EventReader, EventStore } from "../../../src/infra/log/event-store.ts"
import { type Migration, migrate, migrations } from "../../../src/infra/log/migrations.ts"
import { decision, logPath } from "./decisions.ts"

const refusal = (path: string, options: EventLog.Options = {}) =>
  Effect.flip(Effect.asVoid(EventStore).pipe(Effect.provide(EventLog.layer(path, options), { local: true })))
const written = Effect.fnUntraced(function* (path: string) {
  yield* Effect.gen(function* () {
    const store = yield* EventStore
    for (let n = 0; n < 200; n++) yield* store.append(decision(`s${n}`, 0))
  }).pipe(Effect.provide(EventLog.layer(path), { local: true }))
})

describe("a log", () => {
  it.live("of a newer version is refused and left as it is", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* written(path)
      const newer = new Sqlite(path)
      newer.exec("insert into migrations values (99, 'from the future', 0); alter table events add column mood text")
      newer.pragma("wal_checkpoint(TRUNCATE)")
      newer.close()
      const before = readFileSync(path)
      assert.deepInclude(yield* refusal(path), { _tag: "NewerLog", path, found: 99, known: migrations.length })
      assert.isTrue(before.equals(readFileSync(path)))
    }).pipe(Effect.scoped)
  )

  it.live("of an older version is brought up step by step, and a step that fails leaves none of itself", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* written(path)
      const database = openDatabase(path)
      const added: Migration = {
        name: "moods",
        steps: ({ schema }) => [schema.createTable("moods").addColumn("mood", "text")]
      }
      const broken: Migration = {
        name: "broken",
        steps: ({ schema }) => [...added.steps({ schema } as never), schema.dropTable("nothing")]
      }
      const names = () =>
        database
          .query<{ name: string }>({ compile: () => ({ sql: "select name from sqlite_schema", parameters: [] }) } as never)
          .map(({ name }) => name)
      assert.throws(() => migrate(database, 1, [...migrations, broken]), /no such table: nothing/)
      assert.notInclude(names(), "moods")
      migrate(database, 1, [...migrations, added])
      migrate(database, 1, [...migrations, added])
      assert.include(names(), "moods")
      database.close()
      assert.deepInclude(yield* refusal(path), { _tag: "NewerLog", found: migrations.length + 1 })
    }).pipe(Effect.scoped)
  )

  it.live("that does not hold together is refused by name, and the lock is free again", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* written(path)
      const file = openSync(path, "r+")
      for (let page = 4; page < statSync(path).size / 4_096; page += 3) writeSync(file, Buffer.alloc(512, 0xab), 0, 512, page * 4_096)
      closeSync(file)
      for (let n = 0; n < 2; n++) assert.deepInclude(yield* refusal(path), { _tag: "CorruptLog", path })
      writeFileSync(path, "this has never been a database, and is long enough to be taken for one".repeat(20))
      assert.deepInclude(yield* refusal(path), { _tag: "CorruptLog", path })
    }).pipe(Effect.scoped)
  )

  it.live("whose lock file holds a text is refused by the name of that file", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* written(path)
      writeFileSync(`${path}.lock`, "this is no lock ".repeat(100))
      const refused = yield* refusal(path)
      assert.deepInclude(refused, { _tag: "CorruptLog", path: `${path}.lock` })
      rmSync(`${path}.lock`)
      yield* Effect.asVoid(EventStore).pipe(Effect.provide(EventLog.layer(path), { local: true }))
    }).pipe(Effect.scoped)
  )

  it.live("replaces a link in the place of its ballast, and refuses a directory there by name", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const ballast = `${path}.ballast`
      for (const target of ["nowhere", ballast]) {
        symlinkSync(target, ballast)
        yield* Effect.asVoid(EventStore).pipe(Effect.provide(EventLog.layer(path), { local: true }))
        assert.isTrue(lstatSync(ballast).isFile())
        rmSync(ballast)
      }
      mkdirSync(ballast)
      const refused = yield* refusal(path)
      assert.strictEqual(refused._tag === "UnopenableLog" && refused.message, `${ballast} is a directory`)
    }).pipe(Effect.scoped)
  )

  it.live("on a network file system is refused", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const on = (type: number) => refusal(path, { faults: { fileSystemType: () => type } })
      assert.deepInclude(yield* on(0x6969), { _tag: "NetworkFileSystem", fileSystem: "nfs" })
      assert.deepInclude(yield* on(0xff534d42 | 0), { _tag: "NetworkFileSystem", fileSystem: "cifs" })
      assert.deepInclude(yield* on(0x01021997), { _tag: "NetworkFileSystem", fileSystem: "9p" })
      for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630]) assert.isUndefined(networkFileSystemOf(local))
      yield* written(path)
    }).pipe(Effect.scoped)
  )

  it.live("whose last record is torn keeps every record before it", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const torn = yield* logPath
      const sizes: Array<number> = []
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        for (let n = 0; n < 20; n++) {
          yield* store.append(decision("a", n * 2))
          sizes.push(statSync(`${path}-wal`).size)
        }
        // A copy as a power cut would leave it: the write-ahead log ends in the middle of the last commit.
        writeFileSync(torn, readFileSync(path))
        writeFileSync(`${torn}-wal`, readFileSync(`${path}-wal`).subarray(0, (sizes[18]! + sizes[19]!) / 2))
      }).pipe(Effect.provide(EventLog.layer(path), { local: true }))
      yield* Effect.gen(function* () {
        const entries = yield* (yield* EventReader).all({ after: 0, limit: 100 })
        assert.deepStrictEqual(
          entries.map(({ seq }) => seq),
          Array.from({ length: 38 }, (_, n) => n + 1)
        )
        assert.deepStrictEqual(yield* (yield* EventStore).append(decision("a", 38)), { seq: 40, position: 40 })
      }).pipe(Effect.provide(EventLog.layer(torn), { local: true }))
    }).pipe(Effect.scoped)
  )
})
