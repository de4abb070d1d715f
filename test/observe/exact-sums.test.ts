import t from 'tap'
import type { AttemptRecord } from '../../src/core/request-record.ts'
import { usage } from '../support/factories.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'
import { seeded } from '../support/random.ts'
import { after, attempt } from '../support/records.ts'

const REASONS = ['retry', 'failover', 'client_abort', 'truncated', 'empty'] as const
const RUNS = 20
const REQUESTS = 500

/** Nano-dollars of a sample in dollars. */
const nano = (usd: number): bigint => BigInt(Math.round(usd * 1e9))

t.test('for any sequence of outcomes, the sum of the metrics is the sum of the records', async (t) => {
  for (let run = 0; run < RUNS; run++) {
    const random = seeded(run)
    const below = (limit: number): number => Math.floor(random() * limit)
    // Few series for large sums, where an error of rounding would show; many, where some share `other`.
    const few = run % 2 === 0
    const metrics = newMetrics()
    const told = {
      input: 0,
      cached_input: 0,
      output: 0,
      reasoning: 0,
      estimated: 0,
      wasted: 0,
      attempts: 0,
      unpriced: 0,
    }
    let nanoUsd = 0n
    const one = (): AttemptRecord => {
      const input = below(100_000)
      const output = below(10_000)
      const tokens = { input, output, cachedInput: below(input + 1), reasoning: below(output + 1) }
      const took = random() < 0.8 ? usage({ ...tokens, estimated: random() < 0.2 }) : null
      const price = took !== null && random() < 0.8 ? below(few ? 2_000_000_000_000 : 10_000_000_000) : null
      const waste = random() < 0.3 ? { reason: REASONS[below(REASONS.length)]!, tokens: below(5000) } : null
      const cost = price === null ? null : { nanoUsd: price, source: 'price' as const, estimated: false }
      told.attempts++
      if (took !== null) {
        told.input += took.input
        told.cached_input += took.cachedInput
        told.output += took.output
        told.reasoning += took.reasoning
        if (took.estimated) told.estimated += took.input + took.output
      }
      told.wasted += waste?.tokens ?? 0
      nanoUsd += BigInt(price ?? 0)
      const error = random() < 0.3 ? 'upstream_incomplete' : null
      return {
        ...attempt(few ? 'm' : `m${below(300)}`, error),
        backend: few ? 'b' : `b${below(20)}`,
        answered: random() < 0.5,
        usage: took,
        cost,
        waste,
      }
    }
    for (let request = 0; request < REQUESTS; request++) {
      const attempts = Array.from({ length: below(4) }, one)
      // However many of its calls had no price.
      if (attempts.some(({ usage, cost }) => usage !== null && cost === null)) told.unpriced++
      const route = random() < 0.9 ? (few ? 'r' : `r${below(30)}`) : null
      metrics.onCompleted(after(attempts, { route, planned: route !== null }))
    }
    const text = await metrics.scrape('text')
    const sum = (name: string, labels: Record<string, string> = {}): number => sumOf(text, `turnout_${name}`, labels)
    for (const kind of ['input', 'cached_input', 'output', 'reasoning'] as const)
      t.equal(sum('tokens_total', { kind }), told[kind], kind)
    t.equal(sum('estimated_tokens_total'), told.estimated)
    t.equal(sum('wasted_tokens_total'), told.wasted)
    t.equal(sum('attempts_total'), told.attempts)
    t.equal(sum('unpriced_requests_total'), told.unpriced)
    t.equal(sum('requests_total'), REQUESTS)
    const costs = [...text.matchAll(/^turnout_cost_usd_total\{.*\} (\S+)$/gm)].map(([, value]) => nano(Number(value)))
    t.equal(
      costs.reduce((all, value) => all + value, 0n),
      nanoUsd,
      'to the last nano-dollar',
    )
    t.ok(few ? costs.length === 2 : costs.length > 300, `${costs.length} series`)
  }
})
