/** Flags of `turnout key`, from the options of keys -> what the store of keys is asked for. */
import type { Flag, Option } from '../core/options/option.ts'
import { MADE_KEY_OPTIONS } from '../core/options/options.ts'
import { type Flags, UsageError } from './command.ts'

interface FlagOf extends Flag {
  readonly option: string
  readonly name: string
  readonly doc: string
}

/** In the order of the options. */
export const KEY_FLAGS: readonly FlagOf[] = Object.entries<Option>(MADE_KEY_OPTIONS).flatMap(
  ([option, { flag, doc }]) => (flag === undefined ? [] : [{ name: option, ...flag, option, doc }]),
)

/** As the table of commands has them. */
export const FIELD_FLAGS: Flags = Object.fromEntries(
  KEY_FLAGS.map(({ name, takes, doc, as }) => [name, { takes, doc, ...(as === 'pairs' ? { many: true } : {}) }]),
)

/** Only what was given; "none" is null. Throws what cannot be read; what makes no sense is left for the store to refuse. */
export function fieldsOfFlags(flags: Readonly<Record<string, string | readonly string[]>>): Record<string, unknown> {
  const given = KEY_FLAGS.flatMap((flag) => {
    const texts = [flags[flag.name] ?? []].flat()
    return texts.length === 0 ? [] : [{ ...flag, texts }]
  })
  return Object.fromEntries(given.map(({ option, name, as, texts }) => [option, valueOf(texts, as, name)]))
}

const valueOf = (texts: readonly string[], as: Flag['as'], name: string): unknown =>
  texts.length === 1 && texts[0] === 'none' ? null : READ[as](texts, name)

/** What is no number stays a text, so that the message shows it. */
const number = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)

const READ: Readonly<Record<Flag['as'], (texts: readonly string[], name: string) => unknown>> = {
  word: ([text]) => text,
  number: ([text = '']) => number(text),
  'yes or no': ([text]) => (text === 'yes' ? true : text === 'no' ? false : text),
  list: ([text = '']) => text.split(',').map((one) => one.trim()),
  amount: ([text = ''], name) => {
    const [usd = '', per, ...more] = text.split('/')
    if (per === undefined || more.length > 0)
      throw new UsageError(`--${name}: "${text}" is not an amount; write it like 5/day`)
    return { usd: number(usd), per }
  },
  pairs: (texts, name) => Object.fromEntries(texts.map((text) => pairOf(text, name))),
}

function pairOf(text: string, name: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--${name}: "${text}" has no name and value; write it like team=blue`)
  return [text.slice(0, at), text.slice(at + 1)]
}
