import { GatewayError } from '../../src/core/errors.ts'
import type { AttemptRecord, RequestRecord } from '../../src/core/request-record.ts'
import type { Waste } from '../../src/core/settlement.ts'
import { failureRecordOf } from '../../src/observe/log/failure.ts'
import { ATTEMPT, cost, usage } from '../support/factories.ts'
import { pick } from '../support/random.ts'
import { after } from '../support/records.ts'

/** An answer of 11 and 7 tokens for 1234 nano-dollars. */
export const ANSWERED: AttemptRecord = {
  ...ATTEMPT,
  backend: 'a',
  model: 'm',
  status: 200,
  error: null,
  answered: true,
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

/** A finished request; one good answer where nothing else is said. */
export function finished({ attempts = [ANSWERED], ...traits }: Partial<RequestRecord> = {}): RequestRecord {
  const last = attempts.at(-1)
  const good = last !== undefined && last.error === null
  const error = good ? null : new GatewayError('upstream_error', 'no')
  return after(attempts, {
    stream: false,
    ttftMs: last?.ttftMs ?? null,
    totalMs: 40.06,
    overheadMs: 0.5,
    finish: good ? 'stop' : null,
    success: good,
    why: good ? null : 'unanswered',
    status: good ? 200 : 502,
    error: error?.code ?? null,
    failure: error === null ? null : failureRecordOf(error),
    endedAt: Date.now(),
    ...traits,
  })
}

const REASONS: readonly Waste['reason'][] = ['retry', 'failover', 'truncated', 'empty']

/** Any outcome: no attempt or several, with or without usage, price and waste. */
export function anyFinished(random: () => number, id: string, endedAt: number): RequestRecord {
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
  return finished({ id, attempts, endedAt })
}
