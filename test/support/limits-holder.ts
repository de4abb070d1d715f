/** A process that takes what it can of a budget in Redis and keeps it, until it is killed. Arguments: URL, requests to try, ms of its leases, the budget as JSON. */
import { GatewayError } from '../../src/core/errors.ts'
import type { BudgetSpec } from '../../src/core/budget.ts'
import { RedisStore } from '../../src/budgets/redis-store.ts'
import { SharedLimiter } from '../../src/budgets/shared.ts'

const [url, tries, leaseMs, spec] = process.argv.slice(2) as [string, string, string, string]
const store = new RedisStore(url)
await store.ready()
const limiter = new SharedLimiter(
  [JSON.parse(spec) as BudgetSpec],
  store,
  { now: Date.now, emit: () => undefined, post: () => Promise.resolve(''), onRefused: () => undefined },
  Number(leaseMs),
)
const subject = { key: 'k', team: 'red', user: null, route: 'auto', session: null, agent: null }
const claim = { nanoUsd: 1e9, tokens: 1 }
const asked = Array.from({ length: Number(tries) }, async () => {
  try {
    await limiter.reserve(subject, [], claim, 'the same for all')
    return 1
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'budget_exceeded') return 0
    throw thrown
  }
})
const admitted = (await Promise.all(asked)).reduce<number>((sum, one) => sum + one, 0)
process.stdout.write(`${admitted}\n`)
setInterval(() => undefined, 60_000)
