import type { Test } from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { BudgetSpec } from '../../src/core/budget.ts'
import type { BudgetEvent } from '../../src/core/events.ts'
import type { Reservation } from '../../src/budgets/limiter.ts'
import type { Sums } from '../../src/budgets/count.ts'
import type { SharedCount } from '../../src/budgets/redis-keys.ts'
import { type Lease, RedisStore } from '../../src/budgets/redis-store.ts'
import { SharedLimiter } from '../../src/budgets/shared.ts'
import type { RedisServer } from '../support/redis.ts'
import { claim, NOON } from './rig.ts'

export interface SharedDesk {
  readonly limiter: SharedLimiter
  readonly store: RedisStore
  readonly told: BudgetEvent[]
  readonly refused: string[]
}

/** A limiter before this Redis, with a clock of its own. */
export async function sharedDesk(
  t: Test,
  redis: RedisServer,
  budgets: readonly BudgetSpec[],
  clock = { now: NOON },
): Promise<SharedDesk> {
  const told: BudgetEvent[] = []
  const refused: string[] = []
  const store = new RedisStore(redis.url)
  await store.ready()
  const limiter = new SharedLimiter(budgets, store, {
    now: () => clock.now,
    emit: (event) => told.push(event),
    post: () => Promise.resolve(''),
    onRefused: (name, reason) => refused.push(`${name} ${reason}`),
  })
  t.teardown(() => limiter.close())
  return { limiter, store, told, refused }
}

export async function storeOf(t: Test, redis: RedisServer): Promise<RedisStore> {
  const store = new RedisStore(redis.url)
  await store.ready()
  t.teardown(() => store.close())
  return store
}

/** What was said where it is refused. */
export async function tryTo(act: () => Reservation | Promise<Reservation>): Promise<Reservation | string> {
  try {
    return await act()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown.message
    throw thrown
  }
}

export const holdingOf = (counts: readonly SharedCount[], id: string, nanoUsd: number): Lease => ({
  id,
  counts,
  claim: claim(nanoUsd),
  epoch: '',
})

/** Rejects where it is refused. */
export async function taken(
  store: RedisStore,
  counts: readonly SharedCount[],
  id: string,
  nanoUsd: number,
  leaseMs: number,
): Promise<Lease> {
  const holding = holdingOf(counts, id, nanoUsd)
  const { epoch, outcome } = await store.reserve(holding, leaseMs, '', NOON)
  if (outcome !== 'taken') throw new Error(`${id} is ${outcome}`)
  return { ...holding, epoch }
}

/** What is used of one count. */
export async function usedOf(store: RedisStore, count: SharedCount): Promise<Sums> {
  const { nanoUsd, tokens, requests } = (await store.read([count])).used[0]!
  return { nanoUsd, tokens, requests }
}

/** Money that is held, and by how many. */
export const heldOf = async ({ client }: RedisStore, { keys }: SharedCount): Promise<(string | null)[]> =>
  client.hmget(keys[0], 'held_usd', 'held')
