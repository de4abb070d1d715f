/** Words behind a command -> what they ask for, by its row. Pure. */
import { parseArgs } from 'node:util'
import { didYouMean, nearestWord } from '../core/did-you-mean.ts'
import { type ArgRow, type Args, type Call, type FlagRow, type Flags, type Row, UsageError } from './command.ts'
import { flagText, hasValue, valueText } from './row-text.ts'

interface Words {
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly args: readonly string[]
}

/** `more`: the flags of `moreFlags`. Throws a UsageError. */
export function parsedCall<F extends Flags, A extends Args>(
  row: Row<F, A>,
  more: Flags,
  argv: readonly string[],
): Call<F, A> {
  const { flags: given, args: words } = wordsOf(argv, { ...more, ...row.flags }, row.instead ?? {})
  const places = Object.keys(row.args)
  for (const { flags, args = [], why } of row.either ?? []) {
    const both = [
      ...flags.filter((name) => given.has(name)),
      ...args.filter((name) => places.indexOf(name) < words.length),
    ]
    if (both.length > 1) throw new UsageError(why)
  }
  const flags = Object.entries<FlagRow>(row.flags).map(([name, flag]) => [name, valueOf(name, flag, given.get(name))])
  const rest = Object.keys(more).flatMap((name) => {
    const texts = given.get(name)
    return texts === undefined ? [] : [[name, more[name]?.many === true ? texts : texts.at(-1)]]
  })
  return {
    flags: Object.fromEntries(flags) as Call<F, A>['flags'],
    args: argsOf(row, words, given.has('config')) as Call<F, A>['args'],
    more: Object.fromEntries(rest) as Call<F, A>['more'],
  }
}

/** Whether somebody asks what the command does. */
export function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => word === '--help' || word === '-h')
}

function wordsOf(argv: readonly string[], flags: Flags, instead: Readonly<Record<string, string>>): Words {
  const { tokens } = parseArgs({ args: [...argv], options: shapes(flags), strict: false, tokens: true })
  const found = new Map<string, string[]>()
  const args: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags[token.name]
    if (flag === undefined || !Object.hasOwn(flags, token.name))
      throw unknownFlag(argv[token.index] ?? token.rawName, flags, instead)
    const texts = found.get(token.name) ?? []
    found.set(token.name, texts)
    if (hasValue(flag)) texts.push(textOf(token.name, flag, token))
    else if (token.value !== undefined) throw new UsageError(`--${token.name} takes no value`)
  }
  return { flags: found, args }
}

const shapes = (flags: Flags): Record<string, { type: 'string' | 'boolean'; short?: string }> =>
  Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { type: hasValue(flag) ? 'string' : 'boolean', ...(flag.short === undefined ? {} : { short: flag.short }) },
    ]),
  )

/** `--port --json` forgot the port; `-` alone is standard input. */
function textOf(
  name: string,
  flag: FlagRow,
  { value, inlineValue }: { value?: string | undefined; inlineValue?: boolean | undefined },
): string {
  if (value === undefined || (inlineValue !== true && /^-./.test(value)))
    throw new UsageError(
      `${flagText(name, flag)}: the value is missing${value === undefined ? '' : `; write --${name}=${value} where "${value}" is it`}`,
    )
  return checked(`--${name}`, flag, value)
}

function checked(place: string, { words }: FlagRow | ArgRow, value: string): string {
  if (words === undefined || words.includes(value)) return value
  throw new UsageError(`${place}: "${value}" is none of ${words.join(', ')}${nearest(value, words)}`)
}

const nearest = (typo: string, words: readonly string[]): string => didYouMean(typo, words, '"', false)

/** `word`: as it was written: `--prot=1`, `-port`. */
function unknownFlag(word: string, flags: Flags, instead: Readonly<Record<string, string>>): UsageError {
  const [written = word] = word.split('=')
  const habit = Object.entries(instead).find(([name]) => written === `--${name}`)?.[1]
  if (habit !== undefined) return new UsageError(`there is no flag ${written}; ${habit}`)
  const near = nearestWord(written.replace(/^-+/, ''), [...Object.keys(flags), 'help'])
  return new UsageError(`there is no flag ${written}${near === null ? '' : `; did you mean --${near}?`}`)
}

/** Texts of one flag -> its value. */
function valueOf(name: string, flag: FlagRow, texts: readonly string[] | undefined): unknown {
  if (!hasValue(flag)) return texts !== undefined
  if (texts === undefined && flag.needed === true)
    throw new UsageError(`${flagText(name, flag)} is missing: ${flag.doc}`)
  return flag.many === true ? texts : (texts?.at(-1) ?? flag.fallback)
}

function argsOf(
  { args, flags }: Row,
  words: readonly string[],
  configured: boolean,
): Readonly<Record<string, string | undefined>> {
  const wanted = Object.entries<ArgRow>(args)
  const extra = wanted.at(-1)?.[1].rest === true ? undefined : words[wanted.length]
  if (extra !== undefined) {
    const file = !configured && 'config' in flags && /\.ya?ml$/i.test(extra)
    throw new UsageError(`"${extra}" is one word too many${file ? `; write --config ${extra}` : ''}`)
  }
  return Object.fromEntries(
    wanted.map(([name, arg], index) => {
      const word = arg.rest === true && index < words.length ? words.slice(index).join(' ') : words[index]
      if (word === undefined && arg.needed === true) throw new UsageError(`${valueText(arg)} is missing: ${arg.doc}`)
      return [name, word === undefined ? undefined : checked(valueText(arg), arg, word)]
    }),
  )
}
