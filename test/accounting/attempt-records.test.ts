import t from 'tap'
import { recordsOf, wasteReasonOf, withWaste } from '../../src/accounting/attempt-records.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import type { Waste } from '../../src/core/settlement.ts'
import { NO_TOTAL, totalOf } from '../../src/core/total.ts'
import type { Attempt } from '../../src/dispatch/attempt.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { attemptOf, planTo } from '../support/attempts.ts'
import { deployment, profile, usage } from '../support/factories.ts'

const price = { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 2 }
const [A, B] = ['a/m', 'b/m'].map((id) => deployment(id, { facts: { price } }).targets[0]!)
const PLAN = planTo([A!, B!], { profile: profile({ inputTokens: 40 }) })

const records = (...made: readonly Attempt[]) => recordsOf(made, PLAN, 3, 30)

t.test('the one that answered counts what its answer took', async (t) => {
  const took = usage({ input: 10, output: 5 })
  const answered = attemptOf(B!, { track: { content: true, reported: took } })
  const [first, last] = records(attemptOf(A!, { error: 'overloaded' }), answered)
  t.match(first, { backend: 'a', error: 'overloaded', answered: false, usage: null, cost: null, waste: null })
  t.match(first, { startedMs: 7, totalMs: 15 })
  t.match(last, { backend: 'b', error: null, answered: true, usage: took, waste: null })
  t.match(last, { cost: { nanoUsd: 20_000, source: 'price' } })
})

t.test('what an answer tells of itself is in its own record', async (t) => {
  const { size } = new OpenAIAnswerState()
  for (let event = 0; event < 7; event++) size.event('{}')
  const answered = attemptOf(B!, { track: { content: true, model: 'm-2024', size } })
  const [first, last] = records(attemptOf(A!, { error: 'overloaded' }), answered)
  t.match(first, { answeredAs: null, chunks: 0 })
  t.match(last, { answeredAs: 'm-2024', chunks: 7 })
})

t.test('a call that has not ended ends with its backend, else with the request', async (t) => {
  t.match(records(attemptOf(A!, { endedAt: null, exchange: { endedAt: 27 } })), [{ totalMs: 17 }])
  t.match(records(attemptOf(A!, { endedAt: null })), [{ totalMs: 20 }])
})

t.test('a prompt that was read for nothing', async (t) => {
  const wasted = (...made: readonly Attempt[]): Waste | null => records(...made)[0]!.waste
  const late = () => attemptOf(A!, { error: 'ttft_timeout' })
  t.strictSame(wasted(late(), attemptOf(B!)), { reason: 'failover', tokens: 40 })
  t.strictSame(wasted(late(), attemptOf(A!)), { reason: 'retry', tokens: 40 })
  t.strictSame(wasted(late()), { reason: 'truncated', tokens: 40 })
  t.strictSame(wasted(attemptOf(A!, { error: 'client_closed' })), { reason: 'client_abort', tokens: 40 })
  for (const error of ['upstream_unreachable', 'overloaded', 'invalid_request', 'upstream_error'] as const)
    t.equal(wasted(attemptOf(A!, { error }), attemptOf(B!)), null, error)
})

t.test('an answer that broke off, and was begun again elsewhere', async (t) => {
  const broken = attemptOf(A!, {
    error: 'upstream_incomplete',
    answered: true,
    track: { content: true, reported: usage({ input: 10, output: 2 }) },
  })
  const again = attemptOf(B!, { track: { content: true, reported: usage({ input: 11, output: 5 }) } })
  const both = records(broken, again)
  t.match(both, [
    { backend: 'a', answered: true, error: 'upstream_incomplete', waste: { reason: 'failover', tokens: 12 } },
    { backend: 'b', answered: true, error: null, waste: null },
  ])
  t.match(totalOf(both), { tokens: { input: 21, output: 7 }, cost: { nanoUsd: 35_000 } })
})

t.test('the total of a request is the sum of its attempts', async (t) => {
  const guess = usage({ input: 10, output: 5, estimated: true })
  const [one] = records(attemptOf(A!, { track: { content: true, reported: guess } }))
  const [two] = records(attemptOf(B!, { track: { content: true, reported: usage({ input: 1, output: 1 }) } }))
  t.match(totalOf([one!, two!]), {
    tokens: { input: 11, output: 6, estimated: true },
    cost: { nanoUsd: 23_000, estimated: true },
    partial: false,
  })
  t.strictSame(totalOf([]), NO_TOTAL)
  t.match(totalOf([{ ...one!, cost: null }, two!]), { cost: { nanoUsd: 3_000 }, partial: true })
})

t.test('why a complete answer was wasted', async (t) => {
  const [content, empty] = [{ content: true }, { content: false }]
  t.equal(wasteReasonOf(content, 'truncated'), 'truncated')
  t.equal(wasteReasonOf(empty, 'empty'), 'empty')
  t.equal(wasteReasonOf(empty, 'finish'), 'empty')
  t.equal(wasteReasonOf(content, 'finish'), 'truncated')
  t.equal(wasteReasonOf(content, 'refusal'), 'refusal')
  for (const why of ['not_json', 'schema_mismatch', 'unknown_tool', 'arguments_mismatch', 'no_tool_call'] as const)
    t.equal(wasteReasonOf(content, why), 'invalid_output', why)
  for (const why of [null, 'unchecked'] as const) t.equal(wasteReasonOf(content, why), null, 'it was useful')
})

t.test('only the record of the answer has what was wasted on it', async (t) => {
  const track = Object.assign(new OpenAIAnswerState(), { content: true, reported: usage({ input: 30, output: 12 }) })
  const both = records(attemptOf(A!, { error: 'ttft_timeout' }), attemptOf(B!, { track }))
  t.match(withWaste(both, 1, track, 'not_json'), [
    { waste: { reason: 'failover', tokens: 40 } },
    { waste: { reason: 'invalid_output', tokens: 42 } },
  ])
  t.equal(withWaste(both, 1, track, null), both)
  t.equal(withWaste(both, 0, track, 'not_json'), both, 'that one had failed before')
})
