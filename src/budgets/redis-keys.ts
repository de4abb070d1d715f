/** What counts are called in Redis. Pure. */
import { createHash } from 'node:crypto'
import { type BudgetSpec, ENTITIES, PERIODS } from '../core/budget.ts'
import { windowOf } from './windows.ts'

/** All keys of budgets are in one slot of a cluster: a request touches several at once. */
const PREFIX = 'turnout:{budgets}'

/** Its name is made anew where it is missing: then all else is, too. */
export const EPOCH_KEY = `${PREFIX}:memory`

/** What is over is of use to nobody, but a request that began in it may still settle. */
const AFTERLIFE_MS = 3_600_000
/** A limit without a window has no sums that could be over. */
const WINDOWLESS_MS = 86_400_000

/** A count as Redis knows it. */
export interface SharedCount {
  readonly spec: BudgetSpec
  readonly id: string
  /** Sums, leases, places. */
  readonly keys: readonly [string, string, string]
  /** Epoch ms. */
  readonly endsAt: number
}

export function sharedCount(spec: BudgetSpec, id: string, now: number): SharedCount {
  const { startsAt, endsAt } = windowOf(spec.per, now)
  const name = `${plain(spec.name)}:${spec.of}:${spec.per ?? ''}`
  const who = plain(id)
  const windowed = `${name}:${startsAt}:${who}`
  const keys = [`${PREFIX}:h:${windowed}`, `${PREFIX}:l:${windowed}`, `${PREFIX}:p:${name}:${who}`] as const
  return { spec, id, keys, endsAt }
}

/** Matches the sums of a budget, of all ids in all windows. */
export const sumsOf = (name: string): string => `${PREFIX}:h:${plain(name)}:*`

/** Matches the sums of all budgets. */
export const ALL_SUMS = `${PREFIX}:h:*`

/** What a key of sums says of its count. */
export interface ReadKey {
  readonly identity: Pick<BudgetSpec, 'name' | 'of' | 'per'>
  readonly startsAt: number
  /** Its id; a hash of it where that is long or odd. */
  readonly who: string
  /** Those in flight, in all windows. */
  readonly places: string
}

/** Null where it is no key of sums. */
export function readKey(key: string): ReadKey | null {
  const [name, of, per, startsAt, who, ...more] = key.slice(`${PREFIX}:h:`.length).split(':')
  if (name === undefined || startsAt === undefined || who === undefined || more.length > 0) return null
  const entity = ENTITIES.find((one) => one === of)
  const period = PERIODS.find((one) => one === per) ?? null
  if (entity === undefined) return null
  return {
    identity: { name, of: entity, per: period },
    startsAt: Number(startsAt),
    who,
    places: `${PREFIX}:p:${name}:${of}:${per}:${who}`,
  }
}

/** What cannot be read from the keys of a count: '' where its id can. */
export const hiddenId = (id: string): string => (plain(id) === id ? '' : id)

export const isOf = (key: string, id: string | null): boolean => id === null || key.endsWith(`:${plain(id)}`)

/** The same for all windows of one count. */
export const countOf = (key: string): string => key.replace(/:\d+:([^:]*)$/, ':$1')

/** How long Redis keeps it, ms. */
export const lifeOf = ({ endsAt }: SharedCount, now: number): number =>
  endsAt === Infinity ? WINDOWLESS_MS : Math.max(1, endsAt - now) + AFTERLIFE_MS

/** Whether something is summed up, or only requests in flight are counted. */
export const hasSums = ({ spec }: SharedCount): boolean =>
  spec.nanoUsd !== null || spec.tokens !== null || spec.requests !== null

/** Callers name sessions and users as they like: no name is long, ends a key's part, or stands for others in a pattern. */
const plain = (text: string): string =>
  /^[\w@./-]{1,80}$/.test(text) ? text : `#${createHash('sha256').update(text).digest('base64url')}`
