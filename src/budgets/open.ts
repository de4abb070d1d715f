/** Budgets, counted in this process or in the Redis that gateways share. */
import type { Redis } from 'ioredis'
import type { BudgetSpec } from '../core/budget.ts'
import type { Limiter, LimiterOptions } from './limiter.ts'
import { MemoryLimiter } from './memory.ts'
import { SharedLimiter } from './shared.ts'

export type OpenLimiter =
  | { readonly limiter: MemoryLimiter; readonly local: MemoryLimiter; readonly redis: null }
  /** `redis`: its client. */
  | { readonly limiter: Limiter; readonly local: null; readonly redis: Redis }

/** `url` null: in this process. The client of Redis is loaded only where there is one. Never rejects because Redis is away. */
export async function openLimiter(
  budgets: readonly BudgetSpec[],
  url: string | null,
  options: LimiterOptions,
): Promise<OpenLimiter> {
  if (url === null) {
    const limiter = new MemoryLimiter(budgets, options)
    return { limiter, local: limiter, redis: null }
  }
  const { RedisStore } = await import('./redis-store.ts')
  const store = new RedisStore(url)
  await store.ready()
  return { limiter: new SharedLimiter(budgets, store, options), local: null, redis: store.client }
}
