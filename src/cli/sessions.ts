/** `turnout sessions`: what agents took, by session or by agent, from a running gateway. */
import { isObject } from '../core/is-object.ts'
import { briefAmount } from '../core/amount.ts'
import { ageText } from './age.ts'
import { askAdmin } from './ask-admin.ts'
import type { CallOf } from './command.ts'
import type { Io } from './io.ts'
import type { SESSIONS } from './rows/books.ts'
import { table } from './table.ts'

/** Exit code 0: printed, 1: nobody answers, 2: wrong usage. */
export async function sessions({ flags: options }: CallOf<typeof SESSIONS>, io: Io): Promise<number> {
  const { since, sort, limit, agent, key, team, agents, json } = options
  const asked = { since, sort, limit, agent, key, team, by: agents ? 'agent' : undefined }
  const query = new URLSearchParams(
    Object.entries(asked).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
  const answer = await askAdmin(`/admin/sessions?${query.toString()}`, options, io)
  const found = Array.isArray(answer['sessions']) ? (answer['sessions'] as readonly unknown[]).filter(isObject) : []
  if (json) io.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else
    io.stdout.write(
      found.length === 0
        ? 'no sessions\n'
        : table(
            HEAD(agents),
            found.map((one) => row(one, agents, Date.now())),
          ),
    )
  return 0
}

const HEAD = (agents: boolean): string[] => [
  ...(agents ? ['agent', 'sessions'] : ['session', 'agent', 'key']),
  'ago',
  'useful',
  'tokens',
  'USD',
  'USD/answer',
  'waste',
  'cached',
  'signals',
]

type Shown = Readonly<Record<string, unknown>>

function row(one: Shown, agents: boolean, now: number): string[] {
  const tokens = isObject(one['tokens']) ? one['tokens'] : {}
  const signals = Array.isArray(one['signals']) ? one['signals'].join(' ') : ''
  const names = agents
    ? [short(word(one['agent']), LONGEST_SESSION), word(one['sessions'])]
    : [
        short(word(one['session']), LONGEST_SESSION),
        short(word(one['agent']), LONGEST_NAME),
        short(word(one['key']), LONGEST_NAME),
      ]
  return [
    ...names,
    ageText(now - Date.parse(word(one['last_at']))),
    `${word(one['successes'])}/${word(one['requests'])}`,
    briefAmount(number(tokens['input']) + number(tokens['output'])),
    usd(one['cost_usd'], number(one['unpriced_requests'])),
    usd(one['cost_per_success_usd']),
    percent(one['waste_ratio']),
    percent(one['cache_share']),
    signals,
  ]
}

/** The full names are in `--json`. */
const LONGEST_SESSION = 20
const LONGEST_NAME = 12

const short = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '-')
const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
const percent = (value: unknown): string => (typeof value === 'number' ? `${Math.round(100 * value)} %` : '-')

/** With a `+` where a part of it is unknown. */
const usd = (value: unknown, unpriced = 0): string =>
  typeof value === 'number' ? `${value.toFixed(value < 0.1 ? 5 : 2)}${unpriced > 0 ? '+' : ''}` : '-'
