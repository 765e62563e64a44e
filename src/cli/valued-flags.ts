/** Which flags of a command take a value, as its parser has them: `--name`, `-n`. */

/** A flag of effect's command line (`Param` there): what `optional`, `map` and the like make of one keeps it as `param`. */
interface Single {
  readonly name: string
  readonly aliases: ReadonlyArray<string>
  readonly primitiveType: { readonly _tag: string }
}
type Param = Single | { readonly param: Param }

export const valuedFlags = (flags: Readonly<Record<string, unknown>>): ReadonlySet<string> => {
  const singles = Object.values(flags).map((flag) => singleOf(flag as Param))
  const valued = singles.filter(({ primitiveType }) => primitiveType._tag !== "Boolean")
  return new Set(
    valued.flatMap(({ aliases, name }) => [`--${name}`, ...aliases.map((alias) => (alias.length === 1 ? `-${alias}` : `--${alias}`))])
  )
}

const singleOf = (param: Param): Single => ("param" in param ? singleOf(param.param) : param)
