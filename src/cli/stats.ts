/** `turnout stats`: the five headline numbers and the budgets, from the ledger, also while the gateway runs. */
import { relative, resolve } from 'node:path'
import { defaultStore } from '../config/load.ts'
import { type ConfigView, needKnown } from '../config/view.ts'
import { DamageCount } from '../ledger/damage.ts'
import type { Headline } from '../observe/headline/headline.ts'
import { type CallOf, UsageError } from './command.ts'
import { gatewayUrl } from './find-gateway.ts'
import type { Io } from './io.ts'
import { viewed } from './viewed.ts'
import { damageWords } from './ledger-damage.ts'
import { ledgerFault } from './ledger-fault.ts'
import { momentAt } from './moment.ts'
import { Refused } from './refused.ts'
import type { STATS } from './rows/books.ts'
import { budgetsOfConfig, headlineInLedger, statsOfGateway } from './stats-source.ts'
import { budgetTable, headlineTable, type SpentBudget } from './stats-text.ts'

type Asked = CallOf<typeof STATS>['flags']

/** Exit code 0: printed, 1: there is neither a ledger nor a gateway that tells, 2: wrong usage. */
export async function stats({ flags }: CallOf<typeof STATS>, io: Io): Promise<number> {
  const now = Date.now()
  const since = momentAt('--since', flags.since, now) ?? now - HOUR_MS
  if (since > now) throw new UsageError('--since is in the future')
  try {
    const shown = await shownOf(flags, { since, until: now }, io)
    const { source, headline, budgets } = shown
    const period = { since: new Date(shown.since).toISOString(), until: new Date(now).toISOString() }
    const told = { source, ...period, ...headline, budgets: budgets?.map(spentOf) ?? null }
    if (flags.json) io.stdout.write(`${JSON.stringify(told, null, 2)}\n`)
    else io.stdout.write(`${shown.title}\n\n${headlineTable(headline)}${budgetText(budgets, now)}`)
    return 0
  } catch (thrown) {
    throw ledgerFault(thrown, flags.folder !== undefined)
  }
}

const HOUR_MS = 3_600_000

interface Shown {
  readonly source: 'ledger' | 'gateway'
  readonly title: string
  /** Epoch ms. */
  readonly since: number
  readonly headline: Headline
  /** Null: they are not known. */
  readonly budgets: readonly SpentBudget[] | null
}

interface Period {
  readonly since: number
  readonly until: number
}

/** Throws a Refused that says why there is nothing. */
async function shownOf(flags: Asked, { since, until }: Period, io: Io): Promise<Shown> {
  const config = flags.folder === undefined ? await configOf(flags.config, io) : null
  const store = config?.store ?? defaultStore(io.env)
  const folder = flags.folder === undefined ? (store.ledger?.folder ?? null) : resolve(io.cwd, flags.folder)
  if (folder === null) return await ofGateway(flags, until, config, io)
  const damage = new DamageCount()
  const headline = await headlineInLedger(folder, since, damage)
  const budgets = config === null ? null : await budgetsOfConfig(config, folder, io, damage)
  for (const text of damageWords(damage)) io.stderr.write(`turnout stats: ${text}\n`)
  const title = `since ${clock(since)}, from the ledger in ${nearest(folder, io.cwd)}`
  return { source: 'ledger', title, since, headline, budgets }
}

/** The shorter form of a path. */
function nearest(path: string, cwd: string): string {
  const near = relative(cwd, path) || '.'
  return near.length < path.length ? near : path
}

async function ofGateway(flags: Asked, until: number, config: ConfigView | null, io: Io): Promise<Shown> {
  const url = gatewayUrl(config, io)
  const told = await statsOfGateway(config, url, io)
  if (typeof told === 'string') {
    throw new Refused(`${NO_LEDGER}, and ${told}`)
  }
  const only = flags.since === undefined ? '' : ', whatever --since says'
  io.stderr.write(`turnout stats: ${NO_LEDGER}, so this is the last hour of the running gateway${only}\n`)
  const title = `the last hour, from the gateway at ${url}`
  return { source: 'gateway', title, since: until - HOUR_MS, headline: told.headline, budgets: told.budgets }
}

const NO_LEDGER = 'no configuration names a folder in `store.ledger`'

/** Null where there is none. */
async function configOf(asked: string | undefined, io: Io): Promise<ConfigView | null> {
  const found = await viewed(asked, io)
  if (found !== null)
    needKnown(found.config, found.file, 'store.ledger', 'store.keys', 'budgets', 'server.host', 'server.port')
  return found?.config ?? null
}

const spentOf = ({ budget, of, id, per, resets_at, limit, used }: SpentBudget): SpentBudget => ({
  ...{ budget, of, id, per, resets_at, limit, used },
})

const clock = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const budgetText = (budgets: readonly SpentBudget[] | null, now: number): string =>
  budgets === null ? '' : `\n${budgetTable(budgets, now)}`
