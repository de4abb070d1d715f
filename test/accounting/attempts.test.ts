import t from 'tap'
import { attemptsOf } from '../../src/accounting/attempts.ts'
import { clientClosed, type ErrorCode, GatewayError } from '../../src/core/errors.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { NO_TOTAL, totalOf } from '../../src/core/total.ts'
import type { RoutePlan } from '../../src/core/types.ts'
import type { Tried, Usage } from '../../src/core/settlement.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { deployment, profile, usage } from '../support/factories.ts'

const price = { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 2 }
const [A, B] = ['a/m', 'b/m'].map((id) => deployment(id, { facts: { price } }).targets[0]!)
const EXPECTED = { input: 41.5, output: 7, reasoning: null, nanoUsd: null, ttftMs: 12 }
const PLAN = { profile: profile({ inputTokens: 40 }), expected: () => EXPECTED } as unknown as RoutePlan

const tried = (target: Tried['target'], code: ErrorCode | null = null): Tried => ({
  target,
  startedAt: 10,
  endedAt: 25,
  status: code === null ? 200 : null,
  error: code === null ? null : code === 'client_closed' ? clientClosed() : new GatewayError(code, 'x'),
  ttftMs: null,
  open: 0,
  sent: true,
  told: null,
})

const whole = (took: Usage) => ({
  plan: PLAN,
  startedAt: 3,
  track: Object.assign(new OpenAIAnswerState(), { content: true, usage: took }),
  why: null,
})
const failed = { plan: PLAN, startedAt: 3, track: null, why: null }

t.test('only the last one answered', async (t) => {
  const took = usage({ input: 10, output: 5 })
  const [first, last] = attemptsOf({ ...whole(took), tried: [tried(A!, 'overloaded'), tried(B!)] })
  t.match(first, { backend: 'a', error: 'overloaded', usage: null, cost: null, waste: null, startedMs: 7, totalMs: 15 })
  t.match(last, { backend: 'b', error: null, usage: took, cost: { nanoUsd: 20_000, source: 'price' }, waste: null })
})

t.test('what the answer told of itself is of the last one', async (t) => {
  const track = Object.assign(new OpenAIAnswerState(), { content: true, model: 'm-2024' })
  for (let event = 0; event < 7; event++) track.size.event('{}')
  const [first, last] = attemptsOf({ ...failed, track, tried: [tried(A!, 'overloaded'), tried(B!)] })
  t.match(first, { answeredAs: null, chunks: 0 })
  t.match(last, { answeredAs: 'm-2024', chunks: 7 })
})

t.test('a prompt that was read for nothing', async (t) => {
  const wasted = (...all: Tried[]) => attemptsOf({ ...failed, tried: all })[0]!.waste
  t.strictSame(wasted(tried(A!, 'ttft_timeout'), tried(B!)), { reason: 'failover', tokens: 40 })
  t.strictSame(wasted(tried(A!, 'ttft_timeout'), tried(A!)), { reason: 'retry', tokens: 40 })
  t.strictSame(wasted(tried(A!, 'ttft_timeout')), { reason: 'truncated', tokens: 40 })
  t.strictSame(wasted(tried(A!, 'client_closed')), { reason: 'client_abort', tokens: 40 })
  for (const code of ['upstream_unreachable', 'overloaded', 'invalid_request', 'upstream_error'] as const)
    t.equal(wasted(tried(A!, code), tried(B!)), null, code)
})

t.test('sums over attempts', async (t) => {
  const one = attemptsOf({ ...whole(usage({ input: 10, output: 5, estimated: true })), tried: [tried(A!)] })
  const two = attemptsOf({ ...whole(usage({ input: 1, output: 1 })), tried: [tried(B!)] })
  t.match(totalOf([...one, ...two]), {
    tokens: { input: 11, output: 6, estimated: true },
    cost: { nanoUsd: 23_000, estimated: true },
    partial: false,
  })
  t.strictSame(totalOf([]), NO_TOTAL)
  t.match(totalOf([{ ...one[0]!, cost: null }, ...two]), { cost: { nanoUsd: 3_000 }, partial: true })
})
