import { subjectOf } from '../../src/accounting/subject.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { DecisionRecord } from '../../src/core/record.ts'
import type { Account, AttemptRecord, Settlement, Waste } from '../../src/core/settlement.ts'
import { totalOf } from '../../src/core/total.ts'
import type { GatewayRequest, RoutePlan } from '../../src/core/types.ts'
import { ATTEMPT, cost, gatewayRequest, usage } from '../support/factories.ts'
import { pick } from '../support/random.ts'

/** An answer of 11 and 7 tokens for 1234 nano-dollars. */
export const ANSWERED: AttemptRecord = {
  ...ATTEMPT,
  backend: 'a',
  model: 'm',
  status: 200,
  error: null,
  ttftMs: 12.34,
  totalMs: 30,
  usage: usage({ input: 11, output: 7 }),
  cost: cost(1234),
}

export const FAILED: AttemptRecord = {
  ...ANSWERED,
  status: 503,
  error: 'overloaded',
  answered: false,
  ttftMs: null,
  usage: null,
  cost: null,
}

interface Traits {
  readonly request?: Partial<GatewayRequest>
  readonly attempts?: readonly AttemptRecord[]
  readonly settlement?: Partial<Settlement>
  readonly record?: Partial<DecisionRecord> | null
  /** Epoch ms. */
  readonly at?: number
}

/** A finished request; one good answer where nothing else is said. */
export function account({ request = {}, attempts = [ANSWERED], settlement = {}, record, at }: Traits = {}): Account {
  const asked = gatewayRequest({ model: 'm' }, request)
  const last = attempts.at(-1)
  const good = last !== undefined && last.error === null
  return {
    request: asked,
    subject: subjectOf(asked, 'coding'),
    plan:
      record === null
        ? null
        : ({ route: 'coding', record: { request_id: asked.id, ...record } } as unknown as RoutePlan),
    settlement: {
      attempts,
      total: totalOf(attempts),
      answered: good,
      ttftMs: last?.ttftMs ?? null,
      totalMs: 40.06,
      streamMs: null,
      overheadMs: 0.5,
      finish: good ? 'stop' : null,
      verdict: { success: good, score: null, censored: false, why: good ? null : 'unanswered' },
      status: good ? 200 : 502,
      error: good ? null : new GatewayError('upstream_error', 'no'),
      bytesOut: 10,
      ...settlement,
    },
    endedAt: at ?? Date.now(),
  }
}

const REASONS: readonly Waste['reason'][] = ['retry', 'failover', 'truncated', 'empty']

/** Any outcome: no attempt or several, with or without usage, price and waste. */
export function anyAccount(random: () => number, id: string, at: number): Account {
  const count = (most: number): number => Math.floor(random() * (most + 1))
  const attempts = Array.from({ length: count(3) }, (): AttemptRecord => {
    const told = random() < 0.7
    const counts = {
      input: count(100_000),
      cachedInput: count(500),
      output: count(5000),
      reasoning: count(300),
      cacheWrite: random() < 0.2 ? count(100) : 0,
      estimated: random() < 0.2,
    }
    return {
      ...pick(random, [ANSWERED, FAILED]),
      usage: told ? usage(counts) : null,
      cost: told && random() < 0.8 ? cost(count(3_000_000_000)) : null,
      waste: random() < 0.3 ? { reason: pick(random, REASONS), tokens: count(1000) } : null,
    }
  })
  return account({ request: { id }, attempts, at })
}
