/** Where `turnout stats` has its numbers from: the ledger, or what a running gateway says of itself. */
import { z } from 'zod'
import type { BudgetState } from '../budgets/limiter.ts'
import { openLimiter } from '../budgets/open.ts'
import { QUIET } from '../budgets/quiet.ts'
import { shownBudget, shownBudgetSchema } from '../budgets/shown.ts'
import { unusedBudgets } from '../budgets/unused.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { ConfigView } from '../config/view.ts'
import type { Config } from '../core/settings.ts'
import { transportReason } from '../core/transport.ts'
import { budgetsNow } from '../ledger/budgets-now.ts'
import type { DamageCount } from '../ledger/damage.ts'
import { countedIn } from '../ledger/read.ts'
import { type Headline, headlineOf, headlineSchema } from '../observe/headline/headline.ts'
import { addRequest, newSums } from '../observe/headline/sums.ts'
import { askAdmin } from './ask-admin.ts'
import { gatewayFront } from './gateway-front.ts'
import type { Io } from './io.ts'
import { keysOfConfig } from './keys-of-config.ts'
import { ownUrl } from './own-url.ts'
import { Refused } from './refused.ts'
import type { SpentBudget } from './stats-text.ts'

/** Of the requests that ended from `since` (epoch ms) on. Rejects where the folder cannot be read. */
export async function headlineInLedger(folder: string, since: number, { add }: DamageCount): Promise<Headline> {
  const sums = newSums()
  for await (const request of countedIn(folder, { since, onDamage: add })) addRequest(sums, request)
  return headlineOf(sums)
}

/** Null after saying on standard error why they are not known. `folder`: of the ledger. */
export async function budgetsOfConfig(
  config: ConfigView,
  folder: string,
  io: Io,
  damage: DamageCount,
): Promise<readonly SpentBudget[] | null> {
  const { specs: keys } = await keysOfConfig(config, 'turnout stats', io)
  const own = new Map(keys.map(({ id, budgets }) => [id, budgets]))
  const specs = [...config.budgets, ...[...own.values()].flat()]
  if (specs.length === 0) return []
  const { redis } = config.store
  const hidden = config.unset.find(({ path }) => path === 'store.redis')
  if (hidden !== undefined) {
    io.stderr.write(`turnout stats: budgets are counted in Redis, and the variable ${hidden.name} is not set\n`)
    return null
  }
  const states =
    redis === null ? await budgetsNow(folder, config.budgets, own, damage) : await budgetsInRedis(specs, redis)
  if (states === null) {
    io.stderr.write('turnout stats: the Redis in `store.redis` does not answer, so budgets are not known\n')
    return null
  }
  return [...states, ...unusedBudgets(specs, states, Date.now())].map(shownBudget)
}

/** Null where it cannot be asked. */
async function budgetsInRedis(specs: readonly BudgetSpec[], url: string): Promise<readonly BudgetState[] | null> {
  const { limiter } = await openLimiter(specs, url, QUIET)
  try {
    const states = await limiter.allStates()
    return limiter.up ? states : null
  } finally {
    await limiter.close()
  }
}

const answerOfAdmin = z.object({ last_hour: headlineSchema, budgets: z.array(shownBudgetSchema) })

export interface GatewayStats {
  readonly headline: Headline
  /** Null: they are not told. */
  readonly budgets: readonly SpentBudget[] | null
}

/** The last hour of the gateway of `config`; why there is none, in words. */
export async function statsOfGateway(config: Config | null, url: string, io: Io): Promise<GatewayStats | string> {
  const token = io.env['TURNOUT_ADMIN_TOKEN'] ?? ''
  return config !== null && config.admin !== null && token !== ''
    ? await statsOfAdmin(ownUrl(config.admin), token, io)
    : await statsOfFront(url)
}

async function statsOfAdmin(url: string, token: string, io: Io): Promise<GatewayStats | string> {
  try {
    const told = answerOfAdmin.safeParse(await askAdmin('/admin/stats', { url, token }, io)).data
    if (told === undefined) return `the gateway whose admin API is at ${url} is of another version`
    return { headline: told.last_hour, budgets: told.budgets }
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown
    return thrown.message
  }
}

async function statsOfFront(url: string): Promise<GatewayStats | string> {
  try {
    const front = await gatewayFront(url)
    if (front === null) return `what answers at ${url} is not Turnout of this version`
    if (front.last_hour === undefined)
      return `the gateway at ${url} asks for keys, so it tells its numbers only over the admin API: set TURNOUT_ADMIN_TOKEN`
    return { headline: front.last_hour, budgets: null }
  } catch (thrown) {
    return `no gateway answers at ${url} (${transportReason(thrown)})`
  }
}
