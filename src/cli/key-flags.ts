/** Options of `turnout key` -> what the store of keys is asked for. */
import { PERIODS } from '../core/budget.ts'

export const KEY_USAGE = `usage: turnout key create --id ID [options]   make a key; its secret is printed once
       turnout key list                       all keys, those of the configuration too
       turnout key show ID
       turnout key change ID [options]        "none" takes an option away
       turnout key rotate ID [--grace 1h]     a new secret; the old one stays good for so long
       turnout key revoke ID                  for good
       turnout key new | turnout key hash < FILE

  --scope inference|read   read: models and health only
  --routes a,b             what it may use; everything where absent
  --rpm N --tpm N          requests, tokens per minute
  --parallel N             requests in flight
  --budget 5/day           USD per ${PERIODS.join(', ')}
  --clamp yes|no           lower max_tokens to what tpm and budget have left, rather than refuse
  --team T --user U        whose budgets it counts against, whose key it is
  --label k=v              words of your own; may be repeated
  --expires DATE           such as 2027-01-31
  --config FILE --json
`

/** For `parseArgs`. */
export const FIELD_OPTIONS = {
  scope: { type: 'string' },
  routes: { type: 'string' },
  rpm: { type: 'string' },
  tpm: { type: 'string' },
  parallel: { type: 'string' },
  budget: { type: 'string' },
  clamp: { type: 'string' },
  team: { type: 'string' },
  user: { type: 'string' },
  label: { type: 'string', multiple: true },
  expires: { type: 'string' },
} as const

export interface FieldFlags {
  readonly scope?: string | undefined
  readonly routes?: string | undefined
  readonly rpm?: string | undefined
  readonly tpm?: string | undefined
  readonly parallel?: string | undefined
  readonly budget?: string | undefined
  readonly clamp?: string | undefined
  readonly team?: string | undefined
  readonly user?: string | undefined
  readonly label?: readonly string[] | undefined
  readonly expires?: string | undefined
}

/** Only what was given; "none" is null. Throws what cannot be read; what makes no sense is left for the store to refuse. */
export function fieldsOf({ label, ...flags }: FieldFlags): Record<string, unknown> {
  const given = Object.entries(flags).filter(([, text]) => text !== undefined) as [keyof typeof READ, string][]
  return {
    ...Object.fromEntries(given.map(([field, text]) => [field, text === 'none' ? null : READ[field](text)])),
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
  }
}

const word = (text: string): unknown => text
/** What is no number stays a text, so that the message shows it. */
const number = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)

const READ = {
  scope: word,
  team: word,
  user: word,
  expires: word,
  rpm: number,
  tpm: number,
  parallel: number,
  clamp: (text: string): unknown => (text === 'yes' ? true : text === 'no' ? false : text),
  routes: (text: string): unknown => text.split(',').map((name) => name.trim()),
  budget: (text: string): unknown => {
    const [usd = '', per, ...more] = text.split('/')
    if (per === undefined || more.length > 0)
      throw new Error(`--budget: "${text}" is not an amount; write it like 5/day`)
    return { usd: number(usd), per }
  },
}

function labelsOf(pairs: readonly string[]): unknown {
  if (pairs.length === 1 && pairs[0] === 'none') return null
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new Error(`--label: "${pair}" has no name and value; write it like team=blue`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
