/** Which file may import which, and what each part of the source must do without: read from the import statements themselves. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("..", import.meta.url))

interface Import {
  /** A file of ours, relative to the root, or a package's specifier. */
  readonly to: string
  readonly typeOnly: boolean
}
interface Source {
  readonly path: string
  readonly text: string
  readonly imports: ReadonlyArray<Import>
}

/** Statements begin a line (the formatter sees to it), and their specifier ends one; an `import(` may stand anywhere. */
const statements = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm

const importsOf = (path: string, text: string): ReadonlyArray<Import> =>
  [...text.matchAll(statements)].map(([statement, type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? ""
    const names = /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
    return {
      to: specifier.startsWith(".") ? join(dirname(path), specifier) : specifier,
      typeOnly: type !== undefined || (names !== undefined && names.length > 0 && names.every((name) => name.startsWith("type ")))
    }
  })

const sources: ReadonlyArray<Source> = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, path), "utf8")
    return { path, text, imports: importsOf(path, text) }
  })

const within = (...folders: ReadonlyArray<string>) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(`src/${folder}/`)))
const isOurs = ({ to }: Import) => to.startsWith("src/")

/** Files of infra that act on nothing: rules which an adapter and the actors must read alike, and the places where tests kill. */
const fingerprint = "src/infra/log/state-hash.ts"
const rules: ReadonlySet<string> = new Set(["src/infra/crash-points.ts", "src/infra/keep-running.ts", fingerprint])

/** How files are opened safely: for every component, since a person's command reads the same home. */
/** How a command passes its own limit to the daemon that it starts. */
const descriptors = "src/infra/descriptors.ts"
const safeFiles = "src/infra/regular-file.ts"
/** Which sockets a client connects to. */
const trustedPlace = "src/infra/trusted-place.ts"

/** What the files of a home say of a lost log: the daemon's start and doctor judge it alike. */
const lostLog = "src/infra/lost-log.ts"

/** Processes as the kernel shows them: the command line ends a daemon, and looks at its own place. */
/** What a client finds the daemon by. */
const daemonNote = "src/infra/home.ts"
const lockHolder = "src/infra/log/lock-holder.ts"
const processTable = "src/infra/holder/process-table.ts"

/** Every offence in one list: one run says all that is wrong. */
const offences = (of: ReadonlyArray<Source>, allowed: (one: Import) => boolean) =>
  of.flatMap(({ imports, path }) =>
    imports.filter((one) => !allowed(one)).map(({ to, typeOnly }) => `${path} → ${to}${typeOnly ? " (type)" : ""}`)
  )

const to =
  (...folders: ReadonlyArray<string>) =>
  (one: Import) =>
    folders.some((folder) => one.to.startsWith(`src/${folder}`))

describe("imports", () => {
  it("are seen at all", () => {
    assert.isAbove(sources.length, 50)
    const written =
      'import type { A } from "./a.ts"\nimport {\n  b,\n  type C\n} from "../c.ts"\nexport { type D } from "d"\nimport "./e.ts"\nconst f = await import("f")\n'
    assert.deepStrictEqual(importsOf("src/x/y.ts", written), [
      { to: "src/x/a.ts", typeOnly: true },
      { to: "src/c.ts", typeOnly: false },
      { to: "d", typeOnly: true },
      { to: "src/x/e.ts", typeOnly: false },
      { to: "f", typeOnly: false }
    ])
  })

  it("of the domain stay in the domain, effect, xstate and re2js", () => {
    assert.deepStrictEqual(
      offences(within("domain"), (one) => to("domain/")(one) || one.to === "effect" || one.to === "xstate" || one.to === "re2js"),
      []
    )
  })

  it("of infra reach the domain, and nothing above", () => {
    assert.deepStrictEqual(
      offences(within("infra"), (one) => !isOurs(one) || to("infra/", "domain/")(one)),
      []
    )
  })

  it("of the actors reach the domain, and of infra the services", () => {
    assert.deepStrictEqual(
      offences(within("actors"), (one) => !isOurs(one) || to("domain/", "actors/")(one) || isService(one) || rules.has(one.to)),
      []
    )
  })

  it("of the HTTP edge reach the domain, the actors and the services that infra reads with", () => {
    const acting = to("infra/holder/", "infra/runtimes/", "infra/log/appender", "infra/log/decision-writer")
    const reading = (one: Import) => isService(one) && (one.typeOnly || !acting(one))
    assert.deepStrictEqual(
      offences(
        within("http"),
        (one) =>
          !isOurs(one) ||
          to("http/", "domain/", "actors/")(one) ||
          reading(one) ||
          one.to === fingerprint ||
          one.to === safeFiles ||
          one.to === trustedPlace
      ),
      []
    )
  })

  it("of the command line reach the contract, its client and the domain's types", () => {
    const contract = to("http/contract", "http/client.ts", "http/problems.ts")
    assert.deepStrictEqual(
      offences(
        within("cli"),
        (one) =>
          !isOurs(one) ||
          to("cli/", "domain/")(one) ||
          contract(one) ||
          one.to === fingerprint ||
          one.to === safeFiles ||
          one.to === trustedPlace ||
          one.to === descriptors ||
          one.to === processTable ||
          one.to === daemonNote ||
          one.to === lockHolder ||
          one.to === lostLog
      ),
      []
    )
  })

  it("never go round in a circle", () => {
    assert.deepStrictEqual(circles(), [])
  })
})

describe("the pure parts", () => {
  it("of the domain know nothing of the machine that they run on", () => {
    assert.deepStrictEqual(
      offences(within("domain"), ({ to }) => !to.startsWith("node:")),
      []
    )
  })

  it("use only what effect promises to keep", () => {
    assert.deepStrictEqual(
      offences(within("domain", "actors"), ({ to }) => to === "effect" || !(to.startsWith("effect/") || to.startsWith("@effect/"))),
      []
    )
  })

  it("get the time and the chance, and wait nowhere by themselves", () => {
    const own = /\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\.now\b|\brandomUUID\b/
    // What is kept there is the text of programs that agents run.
    const ours = within("domain", "actors").filter(({ path }) => !path.startsWith("src/domain/providers/hook-files/"))
    const found = ours.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => (own.test(code(line)) ? [`${path}:${index + 1} ${line.trim()}`] : []))
    )
    assert.deepStrictEqual(found, [])
  })
})

/** Every other file opens through the first of them: without waiting, without following a link, nothing but a regular file, bounded. */
const openers: ReadonlyMap<string, string> = new Map([
  ["src/infra/regular-file.ts", "is the way"],
  ["src/infra/read-on.ts", "is the way, off the event loop"],
  ["src/infra/durable-file.ts", "opens directories, to flush them"],
  ["src/infra/runtimes/holder-socket.ts", "opens a directory, whose descriptor shortens a path"],
  ["src/infra/runtimes/node-copy.ts", "copies the program that it runs on into a name that it makes"],
  ["src/infra/trusted-place.ts", "reads the system's own lists of users"],
  ["src/infra/holder/process-table.ts", "reads /proc"],
  ["src/infra/holder/tools.ts", "reads /proc"],
  ["src/infra/holder/spare.ts", "opens /dev/null"],
  ["src/infra/holder/terminal.ts", "opens the terminal that it has made"],
  ["src/infra/holder/launch-problem.ts", "reads the first line of a program that is about to be run"],
  ["src/infra/boot-clock.ts", "reads /proc"],
  ["src/infra/descriptors.ts", "reads /proc"],
  ["src/infra/inherited-descriptors.ts", "reads /proc"],
  ["src/infra/mounts.ts", "reads /proc"],
  ["src/infra/log/lock-holder.ts", "reads /proc"],
  ["src/cli/attaching.ts", "reads what the person names"],
  ["src/cli/in-file.ts", "reads a regular file that the user names"],
  ["src/cli/trace-file.ts", "makes a file of its own where the person says"]
])

describe("event handlers of connections", () => {
  it("are attached in the one module that contains what they throw", () => {
    const attaching = /\.(?:on|once|addListener|prependListener|prependOnceListener)\(|\bon[a-z]+ = /
    const found = within("http").filter(({ path, text }) => path !== "src/http/contained.ts" && attaching.test(text))
    assert.deepStrictEqual(
      found.map(({ path }) => path),
      []
    )
  })
})

describe("files", () => {
  it("are opened by the few modules that open nothing else than they say", () => {
    const opening =
      /^(?:open|openSync|openAsBlob|readFile|readFileSync|writeFile|writeFileSync|appendFile|appendFileSync|createReadStream|createWriteStream|copyFile|copyFileSync|cp|cpSync)$/
    const namesOf = (text: string) =>
      [...text.matchAll(/^import\s+(?:type\s)?\{([^}]*)\}\s+from "node:fs(?:\/promises)?"/gm)].flatMap(([, names = ""]) =>
        names.split(",").map((name) => name.trim().split(" ")[0] ?? "")
      )
    const whole = /^import\s+(?:\*\s+as\s+\w+|\w+)\s+from "node:fs|\b(?:import|require)\("node:fs|process\.binding/m
    const found = sources.filter(
      ({ path, text }) => !openers.has(path) && (namesOf(text).some((name) => opening.test(name)) || whole.test(text))
    )
    assert.deepStrictEqual(
      found.map(({ path }) => path),
      []
    )
  })
})

describe("every file", () => {
  it("begins by saying what it guarantees", () => {
    assert.deepStrictEqual(
      sources.filter(({ text }) => !/^(?:#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path),
      []
    )
  })
})

/** A service's file says so: it defines one. A type is no more than its name. */
const isService = ({ to, typeOnly }: Import) =>
  to.startsWith("src/infra/") && (typeOnly || /\bContext\.Service\b/.test(sources.find(({ path }) => path === to)?.text ?? ""))

const code = (line: string) => line.replace(/^\s*(?:\/\/|\/?\*).*/, "").replace(/\s\/\/ .*/, "")

/** Each circle once, from its first file in the alphabet. Types are gone when the program runs, and close no circle. */
function circles(): ReadonlyArray<string> {
  const next = new Map(
    sources.map(({ imports, path }) => [path, imports.filter((one) => isOurs(one) && !one.typeOnly).map(({ to }) => to)])
  )
  const found = new Set<string>()
  const done = new Set<string>()
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    const from = trail.indexOf(path)
    if (from !== -1) {
      const round = trail.slice(from)
      const first = round.indexOf(round.toSorted()[0]!)
      found.add([...round.slice(first), ...round.slice(0, first + 1)].join(" → "))
      return
    }
    if (done.has(path)) return
    for (const one of next.get(path) ?? []) visit(one, [...trail, path])
    done.add(path)
  }
  for (const path of next.keys()) visit(path, [])
  return [...found].sort()
}
